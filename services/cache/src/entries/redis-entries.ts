import { Injectable } from "@nestjs/common";
import { RedisIndex } from "../index/redis-index.js";
import { RecentEntries } from "../neighbours/recent-entries.js";
import { RedisConnection } from "../redis/redis-connection.js";
import { Sealer } from "../sealing/sealer.js";
import { type CachedEntry, decodeEntry, encodeEntry } from "./cached-entry.js";
import { redisNames } from "./redis-names.js";

/** A client takes a bounded number of commands at a time, and hits want to go between them. */
const removedAtOnce = 20;

/** Entries in Redis: the answer under one key, its question's paths and text under others, and the index. */
@Injectable()
export class RedisEntries {
  constructor(
    private readonly redis: RedisConnection,
    private readonly sealer: Sealer,
    private readonly index: RedisIndex,
    private readonly recent: RecentEntries,
  ) {}

  async read(key: string): Promise<CachedEntry | undefined> {
    const name = redisNames.entry(key);
    const [value, ttl] = await Promise.all([this.open(name), this.redis.ask(name, ["PTTL", name])]);
    return value && { ...decodeEntry(value), remainingMs: Number(ttl) };
  }

  /** The question's JSON, where it was stored. */
  async readRequest(key: string): Promise<string | undefined> {
    return (await this.open(redisNames.request(key)))?.toString();
  }

  /** What is in Redis is in the index: an entry that could not be listed could not be cleared. */
  async write(key: string, entry: CachedEntry, ttlMs: number): Promise<void> {
    const values = await this.seal(key, entry);
    const facts = await this.index.seal(key, entry.facts);
    // Sent in one go: nobody clears between the index and the entry.
    const [indexed, ...stored] = await Promise.allSettled([
      this.index.add(key, entry.facts, facts, ttlMs),
      ...values.map(([name, value]) => this.redis.ask(name, ["SET", name, value, "PX", String(ttlMs)])),
      this.leaveOut(key, entry),
      entry.paths && this.recent.add(key, entry.facts),
    ]);
    if (indexed.status === "rejected") await this.removeValues([key]).catch(() => {});
    const failed = [indexed, ...stored].find((result) => result.status === "rejected");
    if (failed) throw failed.reason;
  }

  /** The values first: what is still there stays listed, and can be removed again. */
  async remove(keys: readonly string[]): Promise<void> {
    for (let at = 0; at < keys.length; at += removedAtOnce) {
      const some = keys.slice(at, at + removedAtOnce);
      await this.removeValues(some);
      await this.index.remove(some);
    }
  }

  private async removeValues(keys: readonly string[]): Promise<void> {
    const names = keys.flatMap((key) => [redisNames.paths(key), redisNames.request(key)]);
    await Promise.all([
      ...keys.map((key) => this.redis.run((store) => store.del(key))),
      ...names.map((name) => this.redis.ask(name, ["DEL", name])),
    ]);
  }

  /** An entry that replaces another has not its question's parts. */
  private async leaveOut(key: string, { paths, request }: CachedEntry): Promise<void> {
    const names = [...(paths ? [] : [redisNames.paths(key)]), ...(request ? [] : [redisNames.request(key)])];
    await Promise.all(names.map((name) => this.redis.ask(name, ["DEL", name])));
  }

  private seal(key: string, entry: CachedEntry): Promise<[string, Buffer][]> {
    const { paths, request, facts } = entry;
    const values: [string, Buffer | undefined][] = [
      [redisNames.entry(key), encodeEntry(entry)],
      [redisNames.paths(key), paths],
      [redisNames.request(key), request],
    ];
    return Promise.all(
      values
        .filter((pair): pair is [string, Buffer] => pair[1] !== undefined)
        .map(async ([name, value]) => [name, await this.sealer.seal(name, value, facts.expires)]),
    );
  }

  private async open(name: string): Promise<Buffer | undefined> {
    const frame = await this.redis.ask(name, ["GET", name]);
    return Buffer.isBuffer(frame) ? this.sealer.open(name, frame) : undefined;
  }
}
