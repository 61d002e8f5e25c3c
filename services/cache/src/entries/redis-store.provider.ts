import { Injectable } from "@nestjs/common";
import type { KeyvStoreAdapter } from "keyv";
import { CacheMetrics } from "./cache.metrics.js";
import type { StoredValue } from "./cached-entry.js";
import { RedisAccess } from "./redis-access.js";
import { RedisEntries } from "./redis-entries.js";

/** Keyv's storage adapter around Redis. It fails open: a fault is a miss, or a `false`. */
@Injectable()
export class RedisStore implements KeyvStoreAdapter {
  readonly opts = {};

  constructor(
    private readonly redis: RedisAccess,
    private readonly entries: RedisEntries,
    private readonly metrics: CacheMetrics,
  ) {}

  async get<Value>(key: string): Promise<Value | undefined> {
    const answer = await this.redis.attempt("get", () => this.entries.read(key));
    if (answer) this.metrics.countLookup("redis", answer.value !== undefined);
    const found = answer?.value;
    return found && ({ value: found, expires: found.facts.expires } as Value);
  }

  async set(key: string, { value }: StoredValue, ttl: number): Promise<boolean> {
    const answer = await this.redis.attempt("set", () => this.entries.write(key, value, ttl));
    if (answer) this.metrics.tallies.redis.stores += 1;
    return answer !== undefined;
  }

  async delete(key: string): Promise<boolean> {
    return (await this.redis.attempt("delete", () => this.entries.remove([key]))) !== undefined;
  }

  /** Other programs may share the database: it is never flushed. */
  async clear(): Promise<void> {}

  /** Keyv asks for it; nothing is ever emitted. */
  on(): this {
    return this;
  }
}
