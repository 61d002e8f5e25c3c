import { Injectable } from "@nestjs/common";
import { CacheConfig } from "../cache.config.js";
import type { EntryFacts, Hits, IndexedEntry } from "../entries/entry-facts.js";
import { isDateMs } from "../entries/is-date-ms.js";
import { RedisAccess } from "../entries/redis-access.js";
import { type IndexPart, indexParts, redisNames } from "../entries/redis-names.js";
import { isWrongKind } from "../redis/is-wrong-kind.js";
import { RedisConnection } from "../redis/redis-connection.js";
import { Sealer } from "../sealing/sealer.js";
import { EntryIndex, type IndexBatch } from "./entry-index.js";
import { HitCounts } from "./hit-counts.js";
import { addScript, countScript, mendScript, pruneScript, removeScript } from "./index-scripts.js";
import { comparePositions, type Position } from "./position.js";

const batchSize = 200;
const keyBatchSize = 2000;
const pruneLimit = 500;
const keys = indexParts.map((part) => redisNames.index(part));
const [storedKey = ""] = keys;

/**
 * The index in Redis: keys of entries by time, and what is known of each as a sealed value, in five keys of one
 * slot. A database that other programs use is never searched for our keys.
 */
@Injectable()
export class RedisIndex extends EntryIndex {
  private readonly ttlMs: string;

  constructor(
    config: CacheConfig,
    private readonly redis: RedisConnection,
    private readonly access: RedisAccess,
    private readonly sealer: Sealer,
    private readonly hits: HitCounts,
  ) {
    super();
    this.ttlMs = String(config.CACHE_MAX_TTL * 1000);
  }

  /** It can be read for as long as it is in the index: what could not be listed could not be cleared. */
  seal(key: string, facts: EntryFacts): Promise<Buffer> {
    return this.sealer.seal(factsName(key), Buffer.from(JSON.stringify(facts)), Infinity);
  }

  async add(key: string, { storedAt }: EntryFacts, sealedFacts: Buffer, ttlMs: number): Promise<void> {
    this.hits.forget(key);
    await this.run(addScript, [this.ttlMs, key, String(storedAt), String(ttlMs), sealedFacts]);
  }

  async remove(entryKeys: readonly string[]): Promise<void> {
    if (entryKeys.length > 0) await this.run(removeScript, entryKeys);
  }

  /** Forgets what has expired, some at a time. */
  async prune(): Promise<void> {
    let pruned: unknown = pruneLimit;
    while (pruned === pruneLimit) pruned = await this.run(pruneScript, [String(pruneLimit)]);
  }

  countHit(key: string, count: number, lastAt: number): void {
    this.hits.count(key, { count, lastAt });
  }

  /** Adds what was counted since the last time. */
  async flushHits(): Promise<void> {
    for (let counted = this.hits.take(); counted.length > 0; counted = this.hits.take())
      try {
        const fields = counted.flatMap(([key, { count, lastAt }]) => [key, String(count), String(lastAt)]);
        await this.run(countScript, [this.ttlMs, ...fields]);
      } catch (error) {
        this.hits.putBack(counted);
        throw error;
      }
  }

  async find(key: string): Promise<IndexedEntry | undefined> {
    const { entries } = await this.list(() => this.read([key]));
    return entries[0];
  }

  async *walk(after?: Position): AsyncGenerator<IndexBatch> {
    for await (const places of this.walkPlaces(batchSize, after)) {
      const entryKeys = places.map(({ key }) => key);
      const scores = places.map(({ storedAt }) => storedAt);
      yield await this.list(() => this.read(entryKeys, scores));
    }
  }

  async *walkKeys(): AsyncGenerator<string[]> {
    for await (const places of this.walkPlaces(keyBatchSize)) yield places.map(({ key }) => key);
  }

  private async *walkPlaces(size: number, after?: Position): AsyncGenerator<Position[]> {
    // A replica refuses this, and is pruned by its master.
    await this.prune().catch(() => {});
    let last = after;
    for (;;) {
      const places = await this.list(() => this.readPlaces(size, last));
      if (places.length === 0) return;
      yield places;
      last = places.at(-1);
    }
  }

  /** @throws ApiError `overloaded_error` */
  private list<T>(work: () => Promise<T>): Promise<T> {
    return this.access.insist("list", () => this.mended(work));
  }

  /** The next ones, where many of one millisecond may stand before them. */
  private async readPlaces(size: number, after: Position | undefined): Promise<Position[]> {
    for (let offset = 0; ; offset += size) {
      const from = after ? toScore(after.storedAt) : "+inf";
      const limit = ["LIMIT", String(offset), String(size)];
      const answer = (await this.redis.ask(storedKey, [
        ...(["ZREVRANGEBYSCORE", storedKey, from, "-inf", "WITHSCORES"] as const),
        ...limit,
      ])) as Buffer[];
      const places = toPlaces(answer);
      const next = after ? places.filter((place) => comparePositions(after, place) < 0) : places;
      if (next.length > 0 || places.length < size) return next;
    }
  }

  /** `scores`: where the entries stand, as far as that is known. */
  private async read(entryKeys: readonly string[], scores: readonly number[] = []): Promise<IndexBatch> {
    const field = async (part: IndexPart) => {
      const name = redisNames.index(part);
      return (await this.redis.ask(name, ["HMGET", name, ...entryKeys])) as (Buffer | null)[];
    };
    const [facts, counts, lasts] = await Promise.all([field("facts"), field("hits"), field("last-hits")]);
    const read = entryKeys.map(async (key, at): Promise<IndexedEntry | undefined> => {
      const frame = facts[at];
      const value = frame && (await this.sealer.open(factsName(key), frame));
      if (!value) return undefined;
      const hits = toHits(counts[at], lasts[at]);
      return { key, facts: JSON.parse(value.toString()) as EntryFacts, hits, indexedAt: scores[at] };
    });
    const found = await Promise.all(read);
    return {
      entries: found.filter((entry) => entry !== undefined),
      unreadable: entryKeys.filter((_key, at) => found[at] === undefined),
    };
  }

  private run(script: string, args: readonly (string | Buffer)[]): Promise<unknown> {
    return this.mended(() => this.runOnce(script, args));
  }

  private runOnce(script: string, args: readonly (string | Buffer)[]): Promise<unknown> {
    return this.redis.ask(storedKey, ["EVAL", script, String(keys.length), ...keys, ...args]);
  }

  private async mended<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!isWrongKind(error)) throw error;
      await this.runOnce(mendScript, []);
      return work();
    }
  }
}

/** Facts are sealed for the entry they belong to. */
function factsName(key: string): string {
  return `${redisNames.index("facts")}:${key}`;
}

function toPlaces(answer: readonly Buffer[]): Position[] {
  const places: Position[] = [];
  for (let at = 0; at + 1 < answer.length; at += 2)
    places.push({ key: String(answer[at]), storedAt: fromScore(String(answer[at + 1])) });
  return places;
}

/** Redis and JavaScript write infinity differently. Nobody stores it, but who damages a score may. */
function toScore(ms: number): string {
  return String(ms).replace("Infinity", "inf");
}

function fromScore(text: string): number {
  return Number(text.replace("inf", "Infinity"));
}

/** What is no count or no date counts as none. */
function toHits(count: Buffer | null | undefined, lastAt: Buffer | null | undefined): Hits {
  const number = Number(count ?? 0);
  const ms = Number(lastAt ?? NaN);
  return {
    count: Number.isSafeInteger(number) ? Math.max(0, number) : 0,
    lastAt: isDateMs(ms) ? ms : undefined,
  };
}
