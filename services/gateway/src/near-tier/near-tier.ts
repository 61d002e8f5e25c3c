import { Inject, Injectable } from "@nestjs/common";
import { LRUCache } from "lru-cache";
import { Registry } from "prom-client";
import type { CopyTerms } from "#service-contracts/near-copies.js";
import type { StoredEntry } from "#service-contracts/stored-entry.js";
import { observeTier } from "./observe-tier.js";
import { GatewayConfig } from "../gateway.config.js";
import { RecentMarks } from "./recent-marks.js";

/** The parsed answer, and the texts of its replays. */
const bytesPerByte = 5;
const overheadBytes = 1024;
/** Some 40 MB, in an hour in which as many sessions were given answers. */
const maxMarks = 400_000;
/** Then for so long no copies are kept: they would come with all those marks again. */
const restMs = 60_000;
/** Without a word from the cache service for so long, a change may be on its way. */
const maxUnheardMs = 2000;
/** To look through 100,000 copies takes some 20 ms. */
const lookIntervalMs = 10_000;
const rememberedMs = 3_600_000;

interface Copy {
  entry: StoredEntry;
  bytes: number;
  until: number;
}

/**
 * Copies of entries in this process. They are given only while `CacheFeed` hears what changes; what is in doubt is
 * let go of. Beside them stands which sessions have had which answers: all of them for the entries that are
 * here.
 */
@Injectable()
export class NearTier {
  /** What was asked for before a change is not kept after it. */
  changes = 0;
  stores = 0;
  /** Called when it holds less than it has told. */
  onLetGo = (): void => {};
  private readonly copies: LRUCache<string, Copy> | undefined;
  private readonly given = new RecentMarks(maxMarks);
  /** The cache service that is listened to; undefined: none. */
  private instance: string | undefined;
  private heardAt = -Infinity;
  private restsUntil = -Infinity;
  private looksAgainAt = -Infinity;

  constructor(config: GatewayConfig, @Inject(Registry) registry: Registry) {
    const maxBytes = config.CACHE_NEAR_MEMORY_MB * 1024 * 1024;
    if (maxBytes > 0)
      this.copies = new LRUCache({ maxSize: maxBytes, sizeCalculation: ({ bytes }) => bytes });
    observeTier(registry, "llm_cache_entries", "Entries in a tier.", () => this.size.entries);
    observeTier(registry, "llm_cache_bytes", "Bytes that a tier holds.", () => this.size.bytes);
  }

  /** False with `CACHE_NEAR_MEMORY_MB=0`. */
  get isOn(): boolean {
    return this.copies !== undefined;
  }

  /** Whether copies may be given: a change would have been heard of. */
  get isFollowing(): boolean {
    const now = performance.now();
    return this.instance !== undefined && now - this.heardAt < maxUnheardMs && now >= this.restsUntil;
  }

  /** What has expired lately may still be counted. */
  get size(): { entries: number; bytes: number } {
    this.dropExpired();
    return { entries: this.copies?.size ?? 0, bytes: this.copies?.calculatedSize ?? 0 };
  }

  find(key: string): StoredEntry | undefined {
    if (!this.copies || !this.isFollowing) return undefined;
    const copy = this.copies.get(key);
    if (!copy) return undefined;
    if (copy.until > performance.now()) return copy.entry;
    this.copies.delete(key);
    return undefined;
  }

  /** `changes` as it was when the entry was asked for. */
  keep(key: string, entry: StoredEntry, terms: CopyTerms, changes: number): void {
    if (!this.copies || terms.instance !== this.instance || changes !== this.changes) return;
    const now = performance.now();
    for (const [hash, seconds] of terms.given) this.note(hash, now + seconds * 1000);
    if (changes !== this.changes) return;
    const bytes = terms.bytes * bytesPerByte + overheadBytes;
    this.copies.set(key, { entry, bytes, until: now + terms.remaining_ms });
    this.stores += 1;
  }

  /** Whether the session is known here to have had the answer. No: the cache service may know more, where there is no copy. */
  wasGiven(hash: string): boolean {
    return this.given.has(hash, performance.now());
  }

  noteGiven(hash: string): void {
    this.note(hash, performance.now() + rememberedMs);
  }

  letGo(keys: readonly string[]): void {
    this.changes += 1;
    for (const key of keys) if (this.copies?.delete(key)) this.onLetGo();
  }

  letGoOfAll(): void {
    this.changes += 1;
    if (!this.copies?.size) return;
    this.copies.clear();
    this.onLetGo();
  }

  /** From here on every change of this cache service is heard of. */
  beginFollowing(instance: string): void {
    this.letGoOfAll();
    this.instance = instance;
    this.heard();
  }

  heard(): void {
    this.heardAt = performance.now();
  }

  endFollowing(): void {
    this.instance = undefined;
    this.letGoOfAll();
  }

  private dropExpired(): void {
    const now = performance.now();
    if (now < this.looksAgainAt) return;
    this.looksAgainAt = now + lookIntervalMs;
    for (const [key, { until }] of this.copies?.entries() ?? []) if (until <= now) this.copies?.delete(key);
  }

  /** A copy whose sessions are not all known any more would be given to one of them again. */
  private note(hash: string, until: number): void {
    if (!this.given.add(hash, until)) return;
    this.letGoOfAll();
    this.restsUntil = performance.now() + restMs;
  }
}
