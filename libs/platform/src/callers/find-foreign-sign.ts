import type { IncomingHttpHeaders } from "node:http";
import { isIP } from "node:net";

/**
 * What shows that a web page sends this request through its visitor's browser, or that a foreign name was made to
 * point here (DNS rebinding): the text to refuse it with. `undefined`: no such sign. `isOwnName` knows the names
 * that may be used besides loopback.
 */
export function findForeignSign(
  headers: IncomingHttpHeaders,
  isOwnName: (host: string) => boolean,
): string | undefined {
  const host = headers.host === undefined ? undefined : toHostname(`http://${headers.host}`);
  const isKnown = (name: string) => isLoopbackName(name) || isOwnName(name);
  if (headers.host !== undefined && (host === undefined || !(isKnown(host) || isAddress(host))))
    return `The host name ${quote(headers.host)} is not known here: ALLOWED_HOSTS lists those that are`;
  const { origin } = headers;
  if (origin !== undefined) {
    const originHost = toHostname(origin);
    const isSame = origin === `http://${headers.host}` || origin === `https://${headers.host}`;
    if (!isSame && (originHost === undefined || !isKnown(originHost)))
      return `Web pages of ${quote(origin)} may not ask here: ALLOWED_HOSTS lists those that may`;
  }
  // A browser sends no Origin with a plain GET, but says where the page is from.
  if (headers["sec-fetch-site"] === "cross-site" && headers["sec-fetch-mode"] !== "navigate" && !origin)
    return "Other web pages may not ask here";
  return undefined;
}

function toHostname(url: string): string | undefined {
  if (!URL.canParse(url)) return undefined;
  const { hostname } = new URL(url);
  return hostname === "" ? undefined : hostname.toLowerCase();
}

function isLoopbackName(host: string): boolean {
  return host === "localhost" || host === "[::1]" || (isIP(host) === 4 && host.startsWith("127."));
}

/** A name can be made to point anywhere, an address cannot. */
function isAddress(host: string): boolean {
  return isIP(host.replace(/^\[|\]$/g, "")) !== 0;
}

/** A shell that evaluates `/claude-code/env` unchecked meets it between quotes in which it would run `$(…)`. */
function quote(text: string): string {
  return JSON.stringify(text.slice(0, 100).replaceAll(/[^\w.:/@[\]-]/g, "?"));
}
