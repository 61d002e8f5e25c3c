import { Inject, Injectable } from "@nestjs/common";
import { ApiError } from "#anthropic/errors.js";
import { LOGGER, type Logger } from "#platform/logging.js";
import { RedisConnection } from "../redis/redis-connection.js";
import { CacheMetrics, type Operation } from "./cache.metrics.js";

/** Redis with its operations measured and its faults counted. */
@Injectable()
export class RedisAccess {
  constructor(
    private readonly connection: RedisConnection,
    private readonly metrics: CacheMetrics,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** For what must work without Redis: `undefined` when Redis did not do it. */
  async attempt<T>(operation: Operation, work: () => Promise<T>): Promise<{ value: T } | undefined> {
    try {
      return await this.metrics.measure(operation, "redis", async () => ({ value: await work() }));
    } catch (error) {
      this.metrics.tallies.redis.errors += 1;
      this.metrics.countRedisError(error);
      this.logger.debug({ operation, reason: this.connection.describe(error) }, "Redis failed");
      return undefined;
    }
  }

  /** For what makes no sense without it. @throws ApiError `overloaded_error` when Redis did not do it */
  async insist<T>(operation: Operation, work: () => Promise<T>): Promise<T> {
    const answer = await this.attempt(operation, work);
    if (!answer) throw new ApiError("overloaded_error", "Redis does not answer");
    return answer.value;
  }
}
