import { HttpClient } from "#platform/http-client.js";
import { innerHeaders } from "../access/inner-headers.js";
import type { GatewayConfig } from "../gateway.config.js";

/** A client of the cache service, with connections of its own. */
export function createCacheHttpClient(
  config: GatewayConfig,
  connectTimeoutMs = config.CONNECT_TIMEOUT_MS,
): HttpClient {
  return new HttpClient(config.CACHE_URL.replace(/\/+$/, ""), connectTimeoutMs, innerHeaders(config));
}
