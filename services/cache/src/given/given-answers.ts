import { Injectable } from "@nestjs/common";
import { LRUCache } from "lru-cache";
import { RedisAccess } from "../entries/redis-access.js";
import { redisNames } from "../entries/redis-names.js";
import { redisClock } from "../redis/redis-clock.js";
import { RedisConnection } from "../redis/redis-connection.js";

const rememberedMs = 3_600_000;
/** The latest sessions of one answer; those before may get it again. */
const maxOfOneAnswer = 20_000;
const maxRemembered = 50_000;
/** More sessions of one answer are not told together: that would cost more than asking for each. */
const maxTold = 5000;

/** Answers whose sessions are told to Redis at the same time: lookups have to find room in its queue. */
const marksAtOnce = 16;

/** ARGV: hash. */
const hasScript = `${redisClock}
return tonumber(redis.call('ZSCORE', KEYS[1], ARGV[1]) or 0) > now() and 1 or 0`;

/** ARGV: limit. Hashes with the milliseconds that they are remembered yet; nothing where there are more. */
const listScript = `${redisClock}
if redis.call('ZCARD', KEYS[1]) > tonumber(ARGV[1]) then return false end
local started = now()
local marks = redis.call('ZRANGEBYSCORE', KEYS[1], started, '+inf', 'WITHSCORES')
for at = 2, #marks, 2 do marks[at] = marks[at] - started end
return marks`;

/** ARGV: limit, time to live, hashes in one text: as arguments of their own they cost the client more. */
const markScript = `${redisClock}
local started = now()
for hash in string.gmatch(ARGV[3], '%x+') do redis.call('ZADD', KEYS[1], started + ARGV[2], hash) end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', started)
redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -1 - ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])`;

/** Who has had one answer. */
export interface Marks {
  /** Hashes of sessions, each with the milliseconds that it is remembered yet. */
  remainingMs: ReadonlyMap<string, number>;
  /** False: there may be more, for Redis could not be asked, or there are too many. */
  areAll: boolean;
}

/**
 * Which session was given which answer whole, as the hash of both: who asks again wants another one. Here and in
 * Redis, so that it does not matter which replica is asked.
 */
@Injectable()
export class GivenAnswers {
  private readonly near = new LRUCache<string, { marks: Map<string, number> }>({
    maxSize: maxRemembered,
    sizeCalculation: ({ marks }) => marks.size,
  });

  constructor(
    private readonly connection: RedisConnection,
    private readonly redis: RedisAccess,
  ) {}

  async has(key: string, hash: string): Promise<boolean> {
    if ((this.near.get(key)?.marks.get(hash) ?? 0) > performance.now()) return true;
    if (this.connection.state === "none") return false;
    const name = redisNames.given(key);
    const answer = await this.redis.attempt("get", () =>
      this.connection.ask(name, ["EVAL", hasScript, "1", name, hash]),
    );
    return answer?.value === 1;
  }

  async list(key: string): Promise<Marks> {
    const now = performance.now();
    const here = [...(this.near.get(key)?.marks ?? [])]
      .map(([hash, until]): [string, number] => [hash, until - now])
      .filter(([, remainingMs]) => remainingMs > 0);
    if (this.connection.state === "none") return toMarks(here, true);
    const name = redisNames.given(key);
    const answer = await this.redis.attempt("get", () =>
      this.connection.ask(name, ["EVAL", listScript, "1", name, String(maxTold)]),
    );
    const there = (answer?.value ?? undefined) as (Buffer | number)[] | undefined;
    return toMarks([...toPairs(there ?? []), ...here], there !== undefined);
  }

  /** Sessions by the keys of the answers that they were given. Here at once, in Redis some at a time. */
  async mark(given: readonly (readonly [key: string, hashes: string[]])[]): Promise<void> {
    const until = performance.now() + rememberedMs;
    for (const [key, hashes] of given) this.markHere(key, hashes, until);
    if (this.connection.state === "none") return;
    for (let at = 0; at < given.length; at += marksAtOnce)
      await Promise.all(
        given.slice(at, at + marksAtOnce).map(([key, hashes]) => this.markInRedis(key, hashes)),
      );
  }

  private async markInRedis(key: string, hashes: readonly string[]): Promise<void> {
    const name = redisNames.given(key);
    const args = [maxOfOneAnswer, rememberedMs].map(String);
    await this.redis.attempt("set", () =>
      this.connection.ask(name, ["EVAL", markScript, "1", name, ...args, hashes.join(" ")]),
    );
  }

  private markHere(key: string, hashes: readonly string[], until: number): void {
    const marks = this.near.get(key)?.marks ?? new Map<string, number>();
    for (const hash of hashes) {
      marks.delete(hash);
      marks.set(hash, until);
    }
    for (const hash of marks.keys()) {
      if (marks.size <= maxOfOneAnswer) break;
      marks.delete(hash);
    }
    this.near.set(key, { marks });
  }
}

function toMarks(pairs: readonly [string, number][], areAll: boolean): Marks {
  const remainingMs = new Map(pairs);
  return { remainingMs, areAll: areAll && remainingMs.size <= maxTold };
}

function toPairs(answer: readonly (Buffer | number)[]): [string, number][] {
  const pairs: [string, number][] = [];
  for (let at = 0; at + 1 < answer.length; at += 2) pairs.push([String(answer[at]), Number(answer[at + 1])]);
  return pairs;
}
