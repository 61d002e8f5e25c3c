import { deepestNesting } from "#anthropic/check-nesting.js";
import { type RunningService, startService } from "#platform/bootstrap.js";
import { checkInnerCallers } from "#platform/callers/check-caller.js";
import { loadConfig } from "#platform/load-config.js";
import { createLogger } from "#platform/logging.js";
import { CacheConfig } from "./cache.config.js";
import { CacheModule } from "./cache.module.js";
import { toRedisOptions } from "./redis/to-redis-options.js";

/** Beside the entry comes its question: its paths, and with `CACHE_STORE_PROMPTS` all of it, 32 MiB at most. */
const questionAllowanceBytes = 36 * 1024 * 1024;

/** An entry's question is as deep as a request, and stands in what is stored, in its store, in a list, in the body. */
const deepestBody = deepestNesting + 4;

/** @throws ConfigError */
export async function startCache(env: NodeJS.ProcessEnv): Promise<RunningService> {
  const config = loadConfig(CacheConfig, env);
  const logger = createLogger("cache", config);
  const service = await startService({
    module: CacheModule.forRoot(config),
    logger,
    host: config.CACHE_HOST,
    port: config.CACHE_PORT,
    maxBodyBytes: config.CACHE_MAX_ENTRY_KB * 1024 + questionAllowanceBytes,
    deepestBody,
    checkCaller: checkInnerCallers("cache", config),
    drainTimeoutMs: config.DRAIN_TIMEOUT_MS,
  });
  const redis = toRedisOptions(config);
  const store = redis ? `Redis at ${redis.host}:${redis.port}` : "memory only, no Redis is configured";
  logger.info({ url: service.url, store }, "cache listening");
  return service;
}
