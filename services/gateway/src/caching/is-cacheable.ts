import { ApiError } from "#anthropic/errors.js";
import { hasUrlSource } from "#anthropic/has-url-source.js";
import type { MessagesRequest } from "#anthropic/messages.js";

export interface CacheSettings {
  ttlSeconds: number;
  maxTtlSeconds: number;
  cacheSampled: boolean;
}

/** The headers that are read here. */
export interface CacheHeaders {
  "cache-control"?: string | undefined;
  "x-cache-ttl"?: string | string[] | undefined;
  "x-cache-debug"?: string | string[] | undefined;
}

/** What the cache may do for one request. */
export interface CachePolicy {
  isRead: boolean;
  isStored: boolean;
  /** Identical questions in flight may share one generation. */
  isShared: boolean;
  /** A miss names the nearest stored question. */
  isDebug: boolean;
  /** A miss is an error: the client wants no generation. */
  onlyIfCached: boolean;
  /** Older entries are misses. */
  maxAgeSeconds: number;
  ttlSeconds: number;
}

/** The request's `cache-control` and `x-cache-ttl`, and the gateway's settings. @throws ApiError on a bad `x-cache-ttl` */
export function isCacheable(
  request: MessagesRequest,
  headers: CacheHeaders,
  settings: CacheSettings,
): CachePolicy {
  const directives = parseCacheControl(headers["cache-control"]);
  const ttlSeconds = parseTtl(headers["x-cache-ttl"], settings);
  const isSampled = (request.temperature ?? 0) > 0;
  const wantsItsOwn = directives.has("no-store") || (isSampled && !settings.cacheSampled);
  // The key names a URL, not what is found there.
  const isOff = ttlSeconds === 0 || wantsItsOwn || hasUrlSource(request);
  return {
    isRead: !isOff && !directives.has("no-cache"),
    isStored: !isOff,
    isShared: !wantsItsOwn && !directives.has("no-cache"),
    isDebug: headers["x-cache-debug"] === "1",
    onlyIfCached: directives.has("only-if-cached"),
    maxAgeSeconds: parseSeconds(directives.get("max-age")) ?? Infinity,
    ttlSeconds,
  };
}

const noDirectives: ReadonlyMap<string, string> = new Map();

function parseCacheControl(header: string | undefined): ReadonlyMap<string, string> {
  if (header === undefined) return noDirectives;
  const directives = new Map<string, string>();
  for (const directive of header.split(",")) {
    const [name = "", value = ""] = directive.trim().split("=", 2);
    // A value may stand in quotes: https://www.rfc-editor.org/rfc/rfc9111#section-5.2
    if (name !== "") directives.set(name.toLowerCase(), value.replace(/^"(.*)"$/, "$1"));
  }
  return directives;
}

function parseTtl(header: string | string[] | undefined, settings: CacheSettings): number {
  if (header === undefined || settings.ttlSeconds === 0)
    return Math.min(settings.ttlSeconds, settings.maxTtlSeconds);
  const seconds = parseSeconds(header.toString());
  if (seconds === undefined)
    throw new ApiError("invalid_request_error", "x-cache-ttl: Input should be a whole number of seconds");
  return Math.min(seconds, settings.maxTtlSeconds);
}

function parseSeconds(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}
