import { Inject, Injectable } from "@nestjs/common";
import type { RedisStore as RedisYetStore } from "cache-manager-redis-yet";
import type { KeyvStoreAdapter } from "keyv";
import { LOGGER, type Logger } from "#platform/logging.js";
import { RedisConnection } from "../redis/redis-connection.js";
import { CacheMetrics, type Operation } from "./cache.metrics.js";
import { parseStoredValue, type StoredValue } from "./stored-value.js";

/** Keyv's storage adapter around cache-manager-redis-yet. It fails open: a fault is a miss, or a `false`. */
@Injectable()
export class RedisStore implements KeyvStoreAdapter {
  readonly opts = {};

  constructor(
    private readonly connection: RedisConnection,
    private readonly metrics: CacheMetrics,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async get<Value>(key: string): Promise<Value | undefined> {
    const answer = await this.attempt("get", (store) => store.get(key));
    const found = answer && parseStoredValue(answer.value);
    const isAlive = found !== undefined && found.expires > Date.now();
    if (answer) this.metrics.countLookup("redis", isAlive);
    return isAlive ? (found as Value) : undefined;
  }

  async set(key: string, value: StoredValue, ttl: number): Promise<boolean> {
    const answer = await this.attempt("set", (store) => store.set(key, value, ttl));
    if (answer) this.metrics.tallies.redis.stores += 1;
    return answer !== undefined;
  }

  async delete(key: string): Promise<boolean> {
    return (await this.attempt("delete", (store) => store.del(key))) !== undefined;
  }

  /** Other programs may share the database: it is never flushed. */
  async clear(): Promise<void> {}

  /** Keyv asks for it; nothing is ever emitted. */
  on(): this {
    return this;
  }

  /** `undefined` when Redis did not do it. */
  private async attempt<T>(
    operation: Operation,
    command: (store: RedisYetStore) => Promise<T>,
  ): Promise<{ value: T } | undefined> {
    try {
      return await this.metrics.measure(operation, "redis", async () => ({
        value: await this.connection.run(command),
      }));
    } catch (error) {
      this.metrics.tallies.redis.errors += 1;
      this.metrics.countRedisError(error);
      this.logger.debug({ operation, reason: this.connection.describe(error) }, "Redis failed");
      return undefined;
    }
  }
}
