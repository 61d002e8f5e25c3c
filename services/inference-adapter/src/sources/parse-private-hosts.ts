/** `wiki.internal,10.0.0.5:8080,…` → the hosts, with their port where one is named, in lower case. @throws Error */
export function parsePrivateHosts(text: string): Set<string> {
  const hosts = text
    .split(",")
    .map((host) => host.trim().toLowerCase())
    .filter((host) => host !== "");
  for (const host of hosts)
    if (!/^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:\d{1,5})?$/.test(host))
      throw new Error(`must be host,host:port,…: '${host}' is neither`);
  return new Set(hosts);
}
