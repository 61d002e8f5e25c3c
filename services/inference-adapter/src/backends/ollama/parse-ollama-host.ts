/** `OLLAMA_HOST` as Ollama reads it → base URL. `0.0.0.0` means loopback to a client. @throws Error */
export function parseOllamaHost(text: string): string {
  const [, scheme, rest = ""] = /^(?:(https?):\/\/)?(.*)$/s.exec(text.trim()) ?? [];
  const [authority = "", ...path] = rest.split("/");
  const [, host, port] = /^(\[[^\]]+\]|[^:]*)(?::(\d{1,5}))?$/.exec(authority) ?? [];
  if (host === undefined || Number(port ?? 0) > 65535 || /\s/.test(rest))
    throw new Error("must be a host, host:port or URL such as localhost:11434");
  const defaultPort = scheme === "http" ? 80 : scheme === "https" ? 443 : 11434;
  const name = host === "" || host === "0.0.0.0" ? "127.0.0.1" : host === "[::]" ? "[::1]" : host;
  const suffix = path.filter((part) => part !== "").join("/");
  return `${scheme ?? "http"}://${name}:${port ?? defaultPort}${suffix === "" ? "" : `/${suffix}`}`;
}
