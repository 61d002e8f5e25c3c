import { Injectable } from "@nestjs/common";
import { type RateLimiterAbstract, RateLimiterMemory, RateLimiterRedis } from "rate-limiter-flexible";
import type { LimitCharge, LimitCount } from "#service-contracts/rate-limits.js";
import { redisNames } from "../entries/redis-names.js";
import { RedisConnection } from "../redis/redis-connection.js";

const limits = { points: Number.MAX_SAFE_INTEGER, duration: 60 };

/** Counters for each key's requests and tokens: in Redis, and in this process while Redis is away. */
@Injectable()
export class LimitsService {
  private readonly counters: RateLimiterAbstract;

  constructor(redis: RedisConnection) {
    const memory = new RateLimiterMemory(limits);
    this.counters =
      redis.state === "none"
        ? memory
        : new RateLimiterRedis({
            ...limits,
            storeClient: toScriptRunner(redis),
            useRedisPackage: true,
            keyPrefix: "",
            insuranceLimiter: memory,
          });
  }

  charge(tenant: string, charges: readonly LimitCharge[]): Promise<LimitCount[]> {
    return Promise.all(
      charges.map(async ({ name, cost, seconds }) => {
        const key = redisNames.limit(tenant, name);
        const count = await this.counters.penalty(key, cost, { customDuration: seconds });
        return { name, consumed: count.consumedPoints, resetMs: count.msBeforeNext };
      }),
    );
  }
}

interface ScriptOptions {
  keys: [string];
  arguments: string[];
}

/** All that the limiter needs of a client: one script on one key, which gives that key its time to live. */
function toScriptRunner(redis: RedisConnection) {
  return {
    eval: (script: string, { keys: [key], arguments: values }: ScriptOptions) =>
      redis.ask(key, ["EVAL", script, "1", key, ...values]),
  };
}
