import { Injectable } from "@nestjs/common";
import { LRUCache } from "lru-cache";
import { RedisAccess } from "../entries/redis-access.js";
import { redisNames } from "../entries/redis-names.js";
import { RedisConnection } from "../redis/redis-connection.js";

const rememberedMs = 3_600_000;
const maxRemembered = 50_000;

/**
 * Which session was given which answer whole, as the hash of both: who asks again wants another one. Here and in
 * Redis, so that it does not matter which replica is asked.
 */
@Injectable()
export class GivenAnswers {
  private readonly near = new LRUCache<string, true>({ max: maxRemembered, ttl: rememberedMs });

  constructor(
    private readonly connection: RedisConnection,
    private readonly redis: RedisAccess,
  ) {}

  async has(hash: string): Promise<boolean> {
    if (this.near.has(hash)) return true;
    if (this.connection.state === "none") return false;
    const name = redisNames.given(hash);
    const answer = await this.redis.attempt("get", () =>
      this.connection.run((store) => store.client.exists(name)),
    );
    return answer?.value === 1;
  }

  async mark(hash: string): Promise<void> {
    this.near.set(hash, true);
    if (this.connection.state === "none") return;
    const name = redisNames.given(hash);
    await this.redis.attempt("set", () =>
      this.connection.run((store) => store.client.set(name, "1", { PX: rememberedMs })),
    );
  }
}
