import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  isRedisMissing,
  type RedisServer,
  startRedisServer,
} from "../../../../tests/support/redis-server.js";
import {
  type CacheUnderTest,
  keyOf,
  startCacheUnderTest,
  waitForState,
  waitUntil,
} from "../cache-under-test.contract.js";

const entry = '{ "message": { "text": "\\"hä\\" → 🙂" } }';
const redisKey = (number: number) => `llm-selfhost:entry:1:${keyOf(number)}`;

describe.skipIf(isRedisMissing)("the cache service with Redis", () => {
  let redis: RedisServer;
  let first: CacheUnderTest;
  let second: CacheUnderTest;

  beforeAll(async () => {
    redis = await startRedisServer();
    const env = { REDIS_HOST: "127.0.0.1", REDIS_PORT: String(redis.port) };
    [first, second] = await Promise.all([
      startCacheUnderTest(env),
      startCacheUnderTest({ REDIS_URL: `redis://127.0.0.1:${redis.port}/0` }),
    ]);
    await Promise.all([waitForState(first, "up"), waitForState(second, "up")]);
  });

  afterAll(async () => {
    await Promise.all([first?.service.close(), second?.service.close()]);
    await redis?.stop();
  });

  it("shares entries between instances, and keeps them near after the first read", async () => {
    await first.put(keyOf(1), entry);
    expect(await first.get(keyOf(1))).toMatchObject({ status: 200, tier: "memory", text: entry });
    expect(await second.get(keyOf(1))).toMatchObject({ status: 200, tier: "redis", text: entry });
    // That it was stored is heard of a moment later, and lets go of the first copy.
    await expect
      .poll(() => second.get(keyOf(1)), { timeout: 10_000 })
      .toMatchObject({ status: 200, tier: "memory", text: entry });
  });

  it("gives every key in Redis its time to live", async () => {
    await first.put(keyOf(2), entry, 100);
    const remainingMs = Number(await redis.cli("PTTL", redisKey(2)));
    expect(remainingMs).toBeGreaterThan(50_000);
    expect(remainingMs).toBeLessThanOrEqual(100_000);
  });

  it("keeps an entry from Redis near for the remaining time only", async () => {
    await first.put(keyOf(3), entry, 3);
    const endsAt = performance.now() + 3000;
    expect(await second.get(keyOf(3))).toMatchObject({ tier: "redis" });
    // The store is told as well, and lets go of what was read before.
    await waitUntil("it is near", async () => (await second.get(keyOf(3))).tier === "memory");
    await waitUntil("it expired", async () => (await second.get(keyOf(3))).status === 404);
    expect(performance.now() - endsAt).toBeLessThan(1500);
  });

  it("deletes in both tiers", async () => {
    await first.put(keyOf(4), entry);
    expect(await first.ask("DELETE", `/entries/${keyOf(4)}`)).toMatchObject({ status: 204 });
    expect(await first.get(keyOf(4))).toMatchObject({ status: 404 });
    expect(await redis.cli("EXISTS", redisKey(4))).toBe("0");
  });

  it.each([
    ["nothing", "", "foreign"],
    ["JSON", '{"value":"{}","expires":9999999999999}', "foreign"],
    ["of another version", `LSH\u0002${"x".repeat(50)}`, "version"],
    ["sealed with an unknown key", `LSH\u0001\u0002${"x".repeat(50)}`, "unknown_key"],
    ["damaged", `LSH\u0001\u0001${"x".repeat(50)}`, "checksum"],
  ])("reads a foreign value as a miss, and counts it: %s", async (_name, value, reason) => {
    const counted = async () => {
      const { text } = await first.ask("GET", "/metrics");
      return Number(new RegExp(`llm_cache_damaged_total{reason="${reason}"} (\\d+)`).exec(text)?.[1]);
    };
    const before = await counted();
    await redis.cli("SET", redisKey(5), value, "EX", "60");
    expect(await first.get(keyOf(5))).toMatchObject({ status: 404 });
    expect(await counted()).toBe(before + 1);
  });

  it("reads a key of another type as a miss", async () => {
    await redis.cli("DEL", redisKey(5));
    await redis.cli("LPUSH", redisKey(5), "x");
    expect(await first.get(keyOf(5))).toMatchObject({ status: 404 });
    await redis.cli("DEL", redisKey(5));
    await first.get(keyOf(5));
  });

  it("stores the largest entry", async () => {
    const text = randomBytes(380 * 1024).toString("hex");
    expect(await first.put(keyOf(6), text)).toMatchObject({ status: 204 });
    expect((await second.get(keyOf(6))).text).toBe(text);
  });

  it("answers while Redis refuses to store, and says so in its metrics", async () => {
    await redis.cli("CONFIG", "SET", "maxmemory", "1");
    expect(await first.put(keyOf(7), entry)).toMatchObject({ status: 204 });
    expect(await first.get(keyOf(7))).toMatchObject({ status: 200, tier: "memory" });
    expect((await first.ask("GET", "/health")).text).toMatch(/refuses \w+: OOM/);
    await redis.cli("CONFIG", "SET", "maxmemory", "0");
    expect(await first.put(keyOf(7), entry)).toMatchObject({ status: 204 });
    const { text } = await first.ask("GET", "/metrics");
    expect(text).toContain('llm_cache_redis_errors_total{kind="out_of_memory"} 1');
    expect(text).toContain("llm_cache_store_up 1");
  });

  it("tells the latency of Redis in its health", async () => {
    const { text } = await first.ask("GET", "/health");
    const details = { redis: { status: "up", state: "ok", latency_ms: expect.any(Number) } };
    expect(JSON.parse(text)).toMatchObject({ status: "ok", details });
  });
});
