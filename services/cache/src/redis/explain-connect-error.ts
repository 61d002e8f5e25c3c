import { ConnectionTimeoutError, ErrorReply } from "redis";
import { describeRedisError } from "./describe-redis-error.js";
import type { RedisAddress } from "./parse-redis-url.js";
import { speaksPlainRedis, speaksTls } from "./probe-protocol.js";
import { connectTimeoutMs } from "./redis-client.js";
import type { RedisOptions } from "./to-redis-options.js";

/** Nobody listens there: it makes no difference what one would have spoken. */
const unreachable = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH"]);

const certificateHints: Record<string, string> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: "REDIS_TLS_CA can name the authority to trust",
  SELF_SIGNED_CERT_IN_CHAIN: "REDIS_TLS_CA can name the authority to trust",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "REDIS_TLS_CA can name the authority to trust",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "REDIS_TLS_CA can name the authority to trust",
  CERT_HAS_EXPIRED: "renew it in Redis",
  CERT_NOT_YET_VALID: "compare the clocks",
  ERR_TLS_CERT_ALTNAME_INVALID: "connect by a name for which it was made",
};

/** Why a connection could not be opened, in words that say what to change. It may look once more at the server. */
export async function explainConnectError(
  error: unknown,
  address: RedisAddress,
  options: RedisOptions,
): Promise<string> {
  const text = describeRedisError(error, options.password);
  const code = (error as NodeJS.ErrnoException).code ?? "";
  const hint = certificateHints[code];
  if (hint) return `the certificate of Redis is not accepted: ${text} (${hint})`;
  if (error instanceof ErrorReply || unreachable.has(code)) return text;
  const place = `Redis at ${address.host}:${address.port}`;
  if (options.isTls) {
    if (await speaksPlainRedis(address)) return `${place} speaks no TLS, but TLS is configured`;
  } else if (!(error instanceof ConnectionTimeoutError) && (await speaksTls(address)))
    return `${place} speaks TLS, but REDIS_TLS is not set (or rediss:// in REDIS_URL)`;
  if (error instanceof ConnectionTimeoutError)
    return `no connection to ${place} within ${connectTimeoutMs} ms`;
  return text;
}
