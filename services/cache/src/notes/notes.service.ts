import { Injectable } from "@nestjs/common";
import { LRUCache } from "lru-cache";
import { RedisAccess } from "../entries/redis-access.js";
import { redisNames } from "../entries/redis-names.js";
import { RedisConnection } from "../redis/redis-connection.js";
import { Sealer } from "../sealing/sealer.js";

const keptMs = 7 * 86_400_000;
const maxNotes = 100;

/**
 * What gateways want to know again after a restart, as JSON that means nothing here: in memory, and in Redis where
 * there is one. No entry: clearing the cache leaves it.
 */
@Injectable()
export class NotesService {
  private readonly near = new LRUCache<string, string>({ max: maxNotes, ttl: keptMs });

  constructor(
    private readonly connection: RedisConnection,
    private readonly redis: RedisAccess,
    private readonly sealer: Sealer,
  ) {}

  /** What another cache service was told later stands in Redis. */
  async read(note: string): Promise<string | undefined> {
    if (this.connection.state === "none") return this.near.get(note);
    const name = redisNames.note(note);
    const answer = await this.redis.attempt("get", async () => {
      const frame = await this.connection.ask(name, ["GET", name]);
      return Buffer.isBuffer(frame) ? this.sealer.open(name, frame) : undefined;
    });
    return answer?.value?.toString() ?? this.near.get(note);
  }

  /** False where a Redis is configured and does not have it: it should be told again. */
  async write(note: string, text: string): Promise<boolean> {
    this.near.set(note, text);
    if (this.connection.state === "none") return true;
    const name = redisNames.note(note);
    const answer = await this.redis.attempt("set", async () => {
      const sealed = await this.sealer.seal(name, Buffer.from(text), Date.now() + keptMs);
      await this.connection.ask(name, ["SET", name, sealed, "PX", String(keptMs)]);
    });
    return answer !== undefined;
  }
}
