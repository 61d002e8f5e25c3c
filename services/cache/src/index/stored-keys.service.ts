import { Injectable } from "@nestjs/common";
import { setImmediate } from "node:timers/promises";
import { ApiError } from "#anthropic/errors.js";
import { KeyFilter } from "#service-contracts/key-filter.js";
import type { StoredKeysAnswer } from "#service-contracts/near-copies.js";
import { ChangeFeed } from "../coherence/change-feed.js";
import { Coherence } from "../coherence/coherence.js";
import { RedisConnection } from "../redis/redis-connection.js";
import { EntryIndex } from "./entry-index.js";
import { MemoryIndex } from "./memory-index.js";

/** Which keys there are, for gateways that hear from then on which come. */
@Injectable()
export class StoredKeysService {
  constructor(
    private readonly index: EntryIndex,
    private readonly memory: MemoryIndex,
    private readonly redis: RedisConnection,
    private readonly coherence: Coherence,
    private readonly feed: ChangeFeed,
  ) {}

  /**
   * @throws ApiError `not_found_error` where another instance is meant, `overloaded_error` while what others store would not
   * be heard of, or Redis does not answer
   */
  async tell(instance: unknown): Promise<StoredKeysAnswer> {
    if (instance !== undefined && instance !== this.feed.instance)
      throw new ApiError("not_found_error", "This is another instance");
    if (this.redis.state !== "none" && !this.coherence.isFollowing)
      throw new ApiError("overloaded_error", "Redis does not answer");
    const filter = new KeyFilter();
    // What was stored while Redis was away is in memory alone.
    for (const index of new Set([this.memory, this.index]))
      for await (const keys of index.walkKeys()) {
        for (const key of keys) filter.add(key);
        // There may be some hundred thousand, and lookups want to go between them.
        await setImmediate();
      }
    return { instance: this.feed.instance, filter: String(filter) };
  }
}
