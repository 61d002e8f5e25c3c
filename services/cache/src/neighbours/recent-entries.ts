import { Injectable } from "@nestjs/common";
import { CacheConfig } from "../cache.config.js";
import type { EntryFacts } from "../entries/entry-facts.js";
import { redisNames } from "../entries/redis-names.js";
import { RedisConnection } from "../redis/redis-connection.js";
import { Keyring } from "../sealing/keyring.js";
import { Sealer } from "../sealing/sealer.js";
import { maxNeighbours, type RecentPaths } from "./recent-paths.js";

const batchSize = 20;

const addScript = `
redis.call('ZADD', KEYS[1], ARGV[1], ARGV[2])
redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -1 - ARGV[3])
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[4]) then redis.call('PEXPIRE', KEYS[1], ARGV[4]) end`;

/** The most recent entries of each tenant in Redis. What has gone meanwhile is passed over. */
@Injectable()
export class RecentEntries {
  private readonly ttlMs: string;

  constructor(
    config: CacheConfig,
    private readonly redis: RedisConnection,
    private readonly keyring: Keyring,
    private readonly sealer: Sealer,
  ) {
    this.ttlMs = String(config.CACHE_MAX_TTL * 1000);
  }

  async add(key: string, { tenant, storedAt }: EntryFacts): Promise<void> {
    const name = this.nameOf(tenant);
    const args = [String(storedAt), key, String(maxNeighbours), this.ttlMs];
    await this.redis.ask(name, ["EVAL", addScript, "1", name, ...args]);
  }

  /** Newest first. */
  async *read(tenant: string): AsyncGenerator<RecentPaths[]> {
    const name = this.nameOf(tenant);
    const keys = (await this.redis.ask(name, [
      "ZREVRANGE",
      name,
      "0",
      String(maxNeighbours - 1),
    ])) as Buffer[];
    for (let at = 0; at < keys.length; at += batchSize)
      yield (await Promise.all(keys.slice(at, at + batchSize).map((key) => this.open(String(key))))).flat();
  }

  private async open(key: string): Promise<RecentPaths[]> {
    const name = redisNames.paths(key);
    const frame = await this.redis.ask(name, ["GET", name]);
    const lines = Buffer.isBuffer(frame) ? await this.sealer.open(name, frame) : undefined;
    return lines ? [{ key, lines: lines.toString() }] : [];
  }

  private nameOf(tenant: string): string {
    return redisNames.recent(this.keyring.hideName(tenant));
  }
}
