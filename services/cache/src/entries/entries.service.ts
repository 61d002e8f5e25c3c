import { CACHE_MANAGER, type Cache } from "@nestjs/cache-manager";
import { Inject, Injectable } from "@nestjs/common";
import { ApiError } from "#anthropic/errors.js";
import { CacheConfig } from "../cache.config.js";
import type { Tier } from "./cache.metrics.js";
import { parseStoredValue } from "./stored-value.js";

export interface FoundEntry {
  /** JSON, exactly as it was stored. */
  text: string;
  tier: Tier;
}

@Injectable()
export class EntriesService {
  /** Counts stores and deletions, so that what was read before one is not kept after it. */
  private changes = 0;

  constructor(
    @Inject(CACHE_MANAGER) private readonly cache: Cache,
    private readonly config: CacheConfig,
  ) {}

  async get(key: string): Promise<FoundEntry | undefined> {
    const [memory, redis] = this.cache.stores;
    const near = await memory?.get<string>(key);
    if (near !== undefined) return { text: near, tier: "memory" };
    const changes = this.changes;
    const far = parseStoredValue(await redis?.get(key, { raw: true }));
    if (!far) return undefined;
    const remainingMs = far.expires - Date.now();
    if (remainingMs > 0 && changes === this.changes) await memory?.set(key, far.value, remainingMs);
    return { text: far.value, tier: "redis" };
  }

  /** @throws ApiError `request_too_large` */
  async put(key: string, text: string, ttlSeconds: number): Promise<void> {
    const { CACHE_MAX_ENTRY_KB } = this.config;
    if (Buffer.byteLength(text) > CACHE_MAX_ENTRY_KB * 1024)
      throw new ApiError("request_too_large", `An entry may have at most ${CACHE_MAX_ENTRY_KB} KiB`);
    this.changes += 1;
    await this.cache.set(key, text, ttlSeconds * 1000);
  }

  /** @throws ApiError `overloaded_error` when Redis may still have it: it would come back from there */
  async delete(key: string): Promise<void> {
    this.changes += 1;
    const deleted = await Promise.all(this.cache.stores.map((store) => store.delete(key)));
    this.changes += 1;
    if (deleted.includes(false))
      throw new ApiError("overloaded_error", "Redis does not answer; the entry is deleted in memory only");
  }
}
