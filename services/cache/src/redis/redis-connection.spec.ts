import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  isRedisMissing,
  type RedisServer,
  startRedisServer,
} from "../../../../tests/support/redis-server.js";
import {
  boundMs,
  type CacheUnderTest,
  expectBoundedAnswers,
  keyOf,
  startCacheUnderTest,
  waitForState,
} from "../cache-under-test.contract.js";

describe.skipIf(isRedisMissing)("whatever Redis does", { timeout: 90_000 }, () => {
  let redis: RedisServer;
  let cache: CacheUnderTest;
  const start = (env: NodeJS.ProcessEnv = {}) =>
    startCacheUnderTest({ REDIS_HOST: "127.0.0.1", REDIS_PORT: String(redis.port), ...env });
  const restartRedis = async (password?: string) => {
    await redis.stop();
    redis = await startRedisServer({ port: redis.port, password });
  };
  const expectDegraded = async (reason: RegExp) => {
    const { status, text } = await cache.ask("GET", "/health");
    const details = { redis: { status: "up", state: "degraded", reason: expect.stringMatching(reason) } };
    expect({ code: status, ...JSON.parse(text) }).toMatchObject({ code: 200, details });
  };
  /** An entry goes to Redis and comes back from there: another instance finds it. */
  const expectRecovered = async () => {
    await waitForState(cache, "up");
    expect(await cache.put(keyOf(99), '"back"')).toMatchObject({ status: 204 });
    expect(await redis.cli("EXISTS", `llm-selfhost:entry:1:${keyOf(99)}`)).toBe("1");
    expect(await cache.ask("DELETE", `/entries/${keyOf(99)}`)).toMatchObject({ status: 204 });
    await expectBoundedAnswers(cache, 3);
    expect(await cache.redisState()).toBe("up");
  };

  beforeEach(async () => {
    redis = await startRedisServer();
  });

  afterEach(async () => {
    const startedAt = performance.now();
    await cache.service.close();
    expect(performance.now() - startedAt).toBeLessThan(2000);
    await redis.stop();
  });

  it("is dead at boot: serves from memory, connects when it comes", async () => {
    await redis.kill();
    cache = await start();
    await expectBoundedAnswers(cache, 3);
    await waitForState(cache, "down");
    await expectDegraded(/ECONNREFUSED/);
    await restartRedis();
    await expectRecovered();
  });

  it("hangs at boot: serves from memory, connects when it goes on", async () => {
    redis.pause();
    cache = await start();
    await expectBoundedAnswers(cache, 3);
    await waitForState(cache, "down");
    await expectBoundedAnswers(cache, 3);
    redis.resume();
    await expectRecovered();
  });

  it("is killed and started again", async () => {
    cache = await start();
    await waitForState(cache, "up");
    await cache.put(keyOf(1), '"kept"');
    await redis.kill();
    await expectBoundedAnswers(cache, 5);
    expect(await cache.get(keyOf(1))).toMatchObject({ status: 200, tier: "memory", text: '"kept"' });
    await waitForState(cache, "down");
    await restartRedis();
    await expectRecovered();
  });

  it("hangs and goes on soon: late answers go to nobody else", async () => {
    cache = await start();
    await waitForState(cache, "up");
    const keys = Array.from({ length: 20 }, (_, index) => keyOf(index));
    for (const key of keys) await cache.put(key, `"${key}"`);
    const other = await start();
    await waitForState(other, "up");
    redis.pause();
    const lost = await Promise.all(keys.slice(0, 10).map((key) => other.get(key)));
    expect(lost.every(({ status, durationMs }) => status === 404 && durationMs < boundMs)).toBe(true);
    redis.resume();
    await waitForState(other, "up");
    for (const key of keys) expect(await other.get(key)).toMatchObject({ tier: "redis", text: `"${key}"` });
    await other.service.close();
  });

  it("hangs for long: the circuit opens, the socket is replaced, all is well afterwards", async () => {
    cache = await start();
    await waitForState(cache, "up");
    redis.pause();
    await expectBoundedAnswers(cache, 3);
    await waitForState(cache, "down");
    const waits = [];
    for (let index = 0; index < 10; index++) waits.push((await cache.get(keyOf(index))).durationMs);
    expect(waits.sort((a, b) => a - b)[5]).toBeLessThan(100);
    await expect.poll(() => reasonOf(cache), { timeout: 20_000 }).toBe("no answer for 3 s");
    await expectBoundedAnswers(cache, 3);
    redis.resume();
    await expectRecovered();
  });

  it("hangs while nobody asks: shows in the state", async () => {
    cache = await start();
    await waitForState(cache, "up");
    redis.pause();
    await waitForState(cache, "down");
    const { text } = await cache.ask("GET", "/metrics");
    expect(text).toContain("llm_cache_store_up 0");
  });

  it("tells when a deletion did not reach it", async () => {
    cache = await start();
    await waitForState(cache, "up");
    await cache.put(keyOf(1), '"here"');
    redis.pause();
    const { status, text } = await cache.ask("DELETE", `/entries/${keyOf(1)}`);
    expect({ status, ...JSON.parse(text) }).toMatchObject({
      status: 529,
      error: { type: "overloaded_error" },
    });
  });

  it.each([
    ["a wrong password", "hunter2", /WRONGPASS/],
    ["no password", "", /NOAUTH/],
  ])("refuses %s, until it is told otherwise", async (_name, password, reason) => {
    await restartRedis("right");
    cache = await start({ REDIS_PASSWORD: password });
    await waitForState(cache, "down");
    await expectBoundedAnswers(cache, 3);
    await expectDegraded(reason);
    await redis.cli("CONFIG", "SET", "requirepass", password);
    await waitForState(cache, "up");
  });

  it("knows the password", async () => {
    await restartRedis("hunter2");
    cache = await start({ REDIS_PASSWORD: "hunter2" });
    await expectRecovered();
  });
});

async function reasonOf(cache: CacheUnderTest): Promise<string | undefined> {
  const { text } = await cache.ask("GET", "/health");
  return (JSON.parse(text) as { details: { redis: { reason?: string } } }).details.redis.reason;
}
