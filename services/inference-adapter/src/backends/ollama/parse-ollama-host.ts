/**
 * `OLLAMA_HOST` as Ollama reads it → base URL. `0.0.0.0` means loopback to a client. A port that is none is
 * refused where Ollama would take its default. @throws Error
 * @see https://github.com/ollama/ollama/blob/main/envconfig/config.go
 */
export function parseOllamaHost(text: string): string {
  const [, given, rest = ""] =
    /^(?:(https?):\/\/)?(.*)$/is.exec(text.trim().replace(/^(["'])(.*)\1$/s, "$2")) ?? [];
  const scheme = given?.toLowerCase();
  const [authority = "", ...path] = rest.split("/");
  const [host, port] = splitAuthority(authority);
  if (host === undefined || Number(port ?? 0) > 65535 || /[\s?#]|:\/\//.test(rest)) throw noHost();
  const defaultPort = scheme === "http" ? 80 : scheme === "https" ? 443 : 11434;
  const suffix = path.filter((part) => part !== "").join("/");
  const url = `${scheme ?? "http"}://${toReachable(host)}:${port || defaultPort}${suffix === "" ? "" : `/${suffix}`}`;
  if (!URL.canParse(url)) throw noHost();
  return url;
}

const noHost = () => new Error("must be a host, host:port or URL such as localhost:11434");

function splitAuthority(authority: string): [host: string | undefined, port?: string | undefined] {
  if (isIPv6(authority)) return [`[${authority}]`];
  const [, bracketed, host, port] = /^(?:\[([^\]]+)\]|([^:@[\]]*))(?::(\d{0,5}))?$/.exec(authority) ?? [];
  if (bracketed === undefined) return [host, port];
  return [isIPv6(bracketed) ? `[${bracketed}]` : undefined, port];
}

/** The addresses that mean all interfaces to a server. */
function toReachable(host: string): string {
  if (host === "" || host === "0.0.0.0") return "127.0.0.1";
  return host === "[::]" ? "[::1]" : host;
}

const isIPv6 = (text: string) => text.includes(":") && URL.canParse(`http://[${text}]`);
