const pattern = /^(\*|(\*\.)?[a-z0-9]([a-z0-9._-]*[a-z0-9])?|\[[0-9a-f:.]+\])$/;

/**
 * `ALLOWED_HOSTS`: host names without ports, `*.example.com` for all below a name, `*` for every name.
 * @returns whether a host name, in lower case, is one of them
 * @throws Error saying what it may be
 */
export function parseAllowedHosts(text: string): (host: string) => boolean {
  const hosts = text
    .split(",")
    .map((host) => host.trim().toLowerCase())
    .filter((host) => host !== "");
  if (!hosts.every((host) => pattern.test(host)))
    throw new Error("must be a list of host names without ports, such as gpu.example.com,*.example.org");
  return (host) =>
    hosts.some((allowed) => (allowed.startsWith("*") ? host.endsWith(allowed.slice(1)) : host === allowed));
}
