import type { CacheConfig } from "../cache.config.js";
import { parseRedisUrl, type RedisAddress, type RedisUrl } from "./parse-redis-url.js";
import { readCertificate } from "./read-certificate.js";

/** The first of its addresses stands as `host` and `port` too. */
export interface RedisOptions extends RedisUrl, RedisAddress {
  /** PEM text of the authority to trust; `undefined`: the system's. */
  certificate: string | undefined;
}

/** Where Redis is; `undefined` when none is configured. What `REDIS_URL` leaves open the single variables fill. */
export function toRedisOptions(config: CacheConfig): RedisOptions | undefined {
  const url = parseRedisUrl(config.REDIS_URL);
  if (!url && config.REDIS_HOST === "") return undefined;
  const certificate = readCertificate(config.REDIS_TLS_CA);
  const addresses = url?.addresses ?? [{ host: config.REDIS_HOST, port: config.REDIS_PORT }];
  return {
    ...addresses[0],
    topology: url?.topology ?? "single",
    addresses,
    masterName: url?.masterName ?? "",
    // A configured authority can only mean that the connection is to be encrypted.
    isTls: url?.isTls === true || config.REDIS_TLS || certificate !== undefined,
    database: url?.database ?? 0,
    username: url?.username || config.REDIS_USERNAME,
    password: url?.password || config.REDIS_PASSWORD,
    certificate,
  };
}
