import { Injectable } from "@nestjs/common";
import type { KeyvStoreAdapter } from "keyv";
import { LRUCache } from "lru-cache";
import { CacheConfig } from "../cache.config.js";
import { toRedisOptions } from "../redis/to-redis-options.js";
import { CacheMetrics } from "./cache.metrics.js";
import type { CachedEntry, StoredValue } from "./cached-entry.js";
import type { Hits, IndexedEntry } from "./entry-facts.js";

/** Key, facts, expiry and bookkeeping of one entry. */
const overheadBytes = 1024;

interface Held extends StoredValue {
  hits: Hits;
  heldAt: number;
}

/** The tier in this process: bounded by bytes, the least recently used goes first. */
@Injectable()
export class MemoryTier implements KeyvStoreAdapter {
  readonly opts = {};
  readonly maxBytes: number;
  /** Redis keeps the questions' parts where there is one: a hit does not need them. */
  private readonly keepsQuestions: boolean;
  private readonly held: LRUCache<string, Held>;

  constructor(
    config: CacheConfig,
    private readonly metrics: CacheMetrics,
  ) {
    this.keepsQuestions = toRedisOptions(config) === undefined;
    this.maxBytes = config.CACHE_MAX_MEMORY_MB * 1024 * 1024;
    this.held = new LRUCache({
      maxSize: this.maxBytes,
      sizeCalculation: ({ value: { text, paths, request } }) =>
        text.length + (paths?.length ?? 0) + (request?.length ?? 0) + overheadBytes,
    });
  }

  /** Without what has expired. */
  get size(): { entries: number; bytes: number } {
    this.held.purgeStale();
    return { entries: this.held.size, bytes: this.held.calculatedSize };
  }

  get<Value>(key: string): Promise<Value | undefined> {
    return this.metrics.measure("get", "memory", async () => {
      const found = this.held.get(key);
      this.metrics.countLookup("memory", found !== undefined);
      return found as Value | undefined;
    });
  }

  set(key: string, { value, expires }: StoredValue, ttl: number): Promise<boolean> {
    return this.metrics.measure("set", "memory", async () => {
      const hits = { count: 0, lastAt: undefined };
      const kept = this.keepsQuestions ? value : { text: toOwn(value.text), facts: value.facts };
      this.held.set(key, { value: kept, expires, hits, heldAt: performance.now() }, { ttl });
      this.metrics.tallies.memory.stores += 1;
      return true;
    });
  }

  delete(key: string): Promise<boolean> {
    return this.metrics.measure("delete", "memory", async () => {
      this.held.delete(key);
      return true;
    });
  }

  async clear(): Promise<void> {
    this.held.clear();
  }

  /** Without using it: it goes no later for that, and counts as no lookup. */
  peek(key: string): CachedEntry | undefined {
    return this.held.peek(key)?.value;
  }

  /** By a clock that is never stepped. */
  remainingMs(key: string): number {
    return this.held.getRemainingTTL(key);
  }

  countHit(key: string, count: number, lastAt: number): void {
    const hits = this.held.peek(key)?.hits;
    if (!hits) return;
    hits.count += count;
    hits.lastAt = Math.max(hits.lastAt ?? 0, lastAt);
  }

  /** What is used elsewhere goes no earlier than what is used here. */
  touch(key: string): void {
    this.held.get(key);
  }

  find(key: string): IndexedEntry | undefined {
    const held = this.held.peek(key);
    return held && { key, facts: held.value.facts, hits: held.hits };
  }

  /** All that it holds, in no order. */
  list(): IndexedEntry[] {
    this.held.purgeStale();
    return [...this.held.entries()].map(([key, { value, hits }]) => ({ key, facts: value.facts, hits }));
  }

  /** Of all that it holds. */
  keys(): string[] {
    return [...this.held.keys()];
  }

  /** Lets go of what is meant. */
  drop(isMeant: (entry: CachedEntry, heldAt: number) => boolean): void {
    for (const [key, { value, heldAt }] of this.held.entries())
      if (isMeant(value, heldAt)) this.held.delete(key);
  }

  dropKeys(keys: readonly string[]): void {
    for (const key of keys) this.held.delete(key);
  }

  /** Keyv asks for it; nothing is ever emitted. */
  on(): this {
    return this;
  }
}

/** A part of a larger buffer would keep all of that. */
function toOwn(text: Buffer): Buffer {
  if (text.buffer.byteLength === text.length) return text;
  const own = Buffer.allocUnsafeSlow(text.length);
  text.copy(own);
  return own;
}
