import { CACHE_MANAGER, type Cache } from "@nestjs/cache-manager";
import { Inject, Injectable } from "@nestjs/common";
import { ApiError } from "#anthropic/errors.js";
import type { Store, StoreRequest } from "#service-contracts/cache-store.js";
import type { CopyTerms } from "#service-contracts/near-copies.js";
import { CacheConfig } from "../cache.config.js";
import { ChangeFeed } from "../coherence/change-feed.js";
import { Coherence } from "../coherence/coherence.js";
import { GivenAnswers, type Marks } from "../given/given-answers.js";
import { EntryIndex } from "../index/entry-index.js";
import type { Tier } from "./cache.metrics.js";
import type { CachedEntry } from "./cached-entry.js";
import { MemoryTier } from "./memory-tier.js";
import { toCachedEntry } from "./to-cached-entry.js";

export interface FoundEntry {
  /** JSON, exactly as it was stored. */
  text: Buffer;
  tier: Tier;
  remainingMs: number;
  /** Its end will be heard of, so that a copy may be kept. */
  isFollowed: boolean;
}

export interface FoundCopy {
  text: Buffer;
  terms: CopyTerms | null;
}

/** Redis takes a bounded number of commands at a time, and lookups want to go between them. */
const storedAtOnce = 8;
/** Whoever asks waits a quarter of a second: too short for two answers of such a Redis, one behind the other. */
const slowRedisMs = 75;

@Injectable()
export class EntriesService {
  /** How long Redis took to be asked for an entry the last time. */
  private farMs = 0;

  constructor(
    @Inject(CACHE_MANAGER) private readonly cache: Cache,
    private readonly config: CacheConfig,
    private readonly coherence: Coherence,
    private readonly index: EntryIndex,
    private readonly given: GivenAnswers,
    private readonly feed: ChangeFeed,
    private readonly memory: MemoryTier,
  ) {}

  /** `given`: the session that `givenHash` stands for has had this answer. Both are asked at the same time. */
  async get(key: string, givenHash?: string): Promise<FoundEntry | "given" | undefined> {
    const [found, isGiven] = await Promise.all([
      this.find(key),
      givenHash !== undefined && this.given.has(key, givenHash),
    ]);
    if (!found) return undefined;
    if (isGiven) return "given";
    this.index.countHit(key, 1, Date.now());
    return found;
  }

  /** As `get`, for a gateway that wants to keep a copy. */
  async getCopy(key: string, givenHash?: string): Promise<FoundCopy | "given" | undefined> {
    // Together with the entry only where Redis is slow: most questions are misses, and a gateway asks for an entry once.
    const early = this.farMs > slowRedisMs ? this.given.list(key) : undefined;
    const found = await this.find(key);
    if (!found) return undefined;
    const marks = await (early ?? this.given.list(key));
    if (givenHash !== undefined && (await this.isGiven(key, givenHash, marks))) return "given";
    this.index.countHit(key, 1, Date.now());
    return { text: found.text, terms: this.toTerms(found, marks) };
  }

  /** @throws ApiError `request_too_large` */
  async put(key: string, request: StoreRequest, ttlSeconds: number): Promise<void> {
    const ttlMs = ttlSeconds * 1000;
    const maxBytes = this.config.CACHE_MAX_ENTRY_KB * 1024;
    const entry = toCachedEntry(request, Date.now() + ttlMs, maxBytes);
    if (entry.text.length > maxBytes)
      throw new ApiError(
        "request_too_large",
        `An entry may have at most ${this.config.CACHE_MAX_ENTRY_KB} KiB`,
      );
    this.coherence.changes += 1;
    await this.cache.set(key, entry, ttlMs);
    // Nobody waits for this: it is sent again until it has gone.
    void this.coherence.publish({ keys: [key] });
  }

  /** As `put`, for several, each for itself. @returns for each whether it was stored */
  async putAll(stores: readonly Store[]): Promise<boolean[]> {
    const stored: boolean[] = [];
    for (let at = 0; at < stores.length; at += storedAtOnce) {
      const some = stores.slice(at, at + storedAtOnce).map(({ key, request, ttlSeconds }) =>
        this.put(key, request, ttlSeconds).then(
          () => true,
          () => false,
        ),
      );
      stored.push(...(await Promise.all(some)));
    }
    return stored;
  }

  /** @throws ApiError `overloaded_error` when Redis may still have it: it would come back from there */
  async delete(key: string): Promise<void> {
    this.coherence.changes += 1;
    const deleted = await Promise.all(this.cache.stores.map((store) => store.delete(key)));
    const published = this.coherence.publish({ keys: [key] });
    // Once more: a lookup may have read it in Redis just before.
    await this.cache.stores[0]?.delete(key);
    if (deleted.includes(false))
      throw new ApiError("overloaded_error", "Redis does not answer; the entry is deleted in memory only");
    await published;
  }

  private async isGiven(key: string, hash: string, marks: Marks): Promise<boolean> {
    return marks.remainingMs.has(hash) || (!marks.areAll && (await this.given.has(key, hash)));
  }

  private toTerms({ text, remainingMs, isFollowed }: FoundEntry, marks: Marks): CopyTerms | null {
    if (!isFollowed || !marks.areAll) return null;
    return {
      instance: this.feed.instance,
      remaining_ms: Math.floor(remainingMs),
      bytes: text.length,
      given: [...marks.remainingMs].map(([hash, ms]) => [hash, Math.ceil(ms / 1000)]),
    };
  }

  private async find(key: string): Promise<FoundEntry | undefined> {
    const [memory, redis] = this.cache.stores;
    const near = await memory?.get<CachedEntry>(key);
    if (near !== undefined)
      return { text: near.text, tier: "memory", remainingMs: this.memory.remainingMs(key), isFollowed: true };
    const { changes } = this.coherence;
    const askedAt = performance.now();
    const far = await redis?.get<CachedEntry>(key);
    this.farMs = performance.now() - askedAt;
    if (!far) return undefined;
    const { remainingMs = 0 } = far;
    const isFollowed = remainingMs > 0 && this.coherence.isFollowing && changes === this.coherence.changes;
    if (isFollowed) await memory?.set(key, far, remainingMs);
    return { text: far.text, tier: "redis", remainingMs, isFollowed };
  }
}
