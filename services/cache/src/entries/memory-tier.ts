import { Injectable } from "@nestjs/common";
import type { KeyvStoreAdapter } from "keyv";
import { LRUCache } from "lru-cache";
import { CacheConfig } from "../cache.config.js";
import { CacheMetrics } from "./cache.metrics.js";
import type { StoredValue } from "./stored-value.js";

/** Key, expiry and bookkeeping of one entry. */
const overheadBytes = 512;

interface Held {
  /** Outside V8's heap, and exactly as large as it says; a string may take two bytes a character. */
  text: Buffer;
  expires: number;
}

/** The tier in this process: bounded by bytes, the least recently used goes first. */
@Injectable()
export class MemoryTier implements KeyvStoreAdapter {
  readonly opts = {};
  readonly maxBytes: number;
  private readonly held: LRUCache<string, Held>;

  constructor(
    config: CacheConfig,
    private readonly metrics: CacheMetrics,
  ) {
    this.maxBytes = config.CACHE_MAX_MEMORY_MB * 1024 * 1024;
    this.held = new LRUCache({
      maxSize: this.maxBytes,
      sizeCalculation: ({ text }) => text.length + overheadBytes,
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
      return found && ({ value: found.text.toString(), expires: found.expires } as Value);
    });
  }

  set(key: string, { value, expires }: StoredValue, ttl: number): Promise<boolean> {
    return this.metrics.measure("set", "memory", async () => {
      const text = Buffer.allocUnsafeSlow(Buffer.byteLength(value));
      text.write(value);
      this.held.set(key, { text, expires }, { ttl });
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

  /** Keyv asks for it; nothing is ever emitted. */
  on(): this {
    return this;
  }
}
