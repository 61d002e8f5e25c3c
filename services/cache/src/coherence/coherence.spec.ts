import { setTimeout as sleep } from "node:timers/promises";
import { pino } from "pino";
import { Registry } from "prom-client";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { loadConfig } from "#platform/load-config.js";
import {
  isRedisMissing,
  type RedisServer,
  startRedisServer,
} from "../../../../tests/support/redis-server.js";
import {
  type CacheUnderTest,
  entryOf,
  keyOf,
  startCacheUnderTest,
  waitForState,
  waitUntil,
} from "../cache-under-test.contract.js";
import { CacheConfig } from "../cache.config.js";
import { CacheMetrics } from "../entries/cache.metrics.js";
import { MemoryTier } from "../entries/memory-tier.js";
import { toCachedEntry } from "../entries/to-cached-entry.js";
import type { RedisConnection } from "../redis/redis-connection.js";
import { ChangeFeed } from "./change-feed.js";
import type { ChangeLog, ReadChanges } from "./change-log.js";
import { Coherence } from "./coherence.js";

/** The others look every 200 ms; the machine is shared with other tests. */
const momentMs = 2000;

describe.skipIf(isRedisMissing)("two caches over one Redis", () => {
  let redis: RedisServer;
  let first: CacheUnderTest;
  let second: CacheUnderTest;
  const storeInBoth = async (number: number, tenant = "-") => {
    await first.put(keyOf(number), "old", 600, { tenant });
    await sleep(300); // the store itself is told too, and lets go of what was read before
    await waitUntil("the other has it near", async () => (await second.get(keyOf(number))).tier === "memory");
  };
  const expectSoon = (number: number, expected: object) =>
    expect.poll(() => second.get(keyOf(number)), { timeout: momentMs }).toMatchObject(expected);

  beforeAll(async () => {
    redis = await startRedisServer();
    const env = { REDIS_URL: `redis://127.0.0.1:${redis.port}` };
    [first, second] = await Promise.all([startCacheUnderTest(env), startCacheUnderTest(env)]);
    await Promise.all([waitForState(first, "up"), waitForState(second, "up")]);
  });

  afterAll(async () => {
    await Promise.all([first?.service.close(), second?.service.close()]);
    await redis?.stop();
  });

  it("both let go of a deleted entry", async () => {
    await storeInBoth(1);
    await first.ask("DELETE", `/entries/${keyOf(1)}`);
    await expectSoon(1, { status: 404 });
  });

  it("both let go of what is deleted while Redis is full", async () => {
    await storeInBoth(11);
    await redis.cli("SETRANGE", "filler", "2000000", "x");
    await redis.cli("CONFIG", "SET", "maxmemory", "1mb");
    await first.ask("DELETE", `/entries/${keyOf(11)}`);
    await expectSoon(11, { status: 404 });
    await redis.cli("CONFIG", "SET", "maxmemory", "0");
    await redis.cli("DEL", "filler");
  });

  it("both let go of what is deleted after another program took the log's name", async () => {
    await storeInBoth(12);
    await redis.cli("SET", "llm-selfhost:changes:1", "foreign");
    await first.ask("DELETE", `/entries/${keyOf(12)}`);
    await expectSoon(12, { status: 404 });
    await storeInBoth(12);
    await first.ask("DELETE", `/entries/${keyOf(12)}`);
    await expectSoon(12, { status: 404 });
  });

  it("both have the new answer that replaces one", async () => {
    await storeInBoth(2);
    await first.put(keyOf(2), "new");
    expect(await first.get(keyOf(2))).toMatchObject({ tier: "memory", text: "new" });
    await expectSoon(2, { text: "new" });
  });

  it("both are cleared, of all or of what is meant", async () => {
    await storeInBoth(3, "alice");
    await storeInBoth(4, "bob");
    await first.ask("DELETE", "/entries?tenant=alice");
    await expectSoon(3, { status: 404 });
    expect(await second.get(keyOf(4))).toMatchObject({ tier: "memory" });
    await first.ask("DELETE", "/entries");
    await expectSoon(4, { status: 404 });
  });

  it("both know what a session was given", async () => {
    const hash = "c".repeat(32);
    await storeInBoth(5);
    await first.mark(keyOf(5), hash);
    expect(await second.ask("GET", `/entries/${keyOf(5)}?given=${hash}`)).toMatchObject({ given: "true" });
  });

  it("both know what a session was given, by clocks an hour apart", async () => {
    const hash = "d".repeat(32);
    await first.put(keyOf(13), "x", 86_400);
    await first.mark(keyOf(13), hash);
    const { now } = Date;
    vi.spyOn(Date, "now").mockImplementation(() => now() + 3_600_000);
    const asked = await second.ask("GET", `/entries/${keyOf(13)}?given=${hash}`);
    await second.mark(keyOf(13), "e".repeat(32));
    vi.restoreAllMocks();
    expect(asked).toMatchObject({ status: 404, given: "true" });
    expect(await second.ask("GET", `/entries/${keyOf(13)}/copy?given=${hash}`)).toMatchObject({
      given: "true",
    });
  });

  it("both count the hits", async () => {
    await storeInBoth(6);
    const before = await hitsOf(6);
    for (const cache of [first, second]) for (let count = 0; count < 5; count++) await cache.get(keyOf(6));
    await expect.poll(() => hitsOf(6), { timeout: 10_000 }).toBeGreaterThanOrEqual(before + 10);
  });

  it("start anew when Redis has lost what happened", async () => {
    await storeInBoth(7);
    await redis.cli("DEL", "llm-selfhost:changes:1", `llm-selfhost:entry:1:${keyOf(7)}`);
    await expectSoon(7, { status: 404 });
    await storeInBoth(8);
    await first.ask("DELETE", `/entries/${keyOf(8)}`);
    await expectSoon(8, { status: 404 });
  });

  it("read on after Redis hung", async () => {
    await storeInBoth(9);
    await storeInBoth(10);
    redis.pause();
    await waitForState(second, "down");
    redis.resume();
    await first.ask("DELETE", `/entries/${keyOf(9)}`);
    await waitUntil("it is deleted", async () => {
      await first.ask("DELETE", `/entries/${keyOf(9)}`);
      return (await second.get(keyOf(9))).status === 404;
    });
    expect(await second.get(keyOf(10))).toMatchObject({ tier: "memory" });
  });

  async function hitsOf(number: number): Promise<number> {
    const { text } = await first.ask("GET", `/entries/${keyOf(number)}/info`);
    return (JSON.parse(text) as { hits: number }).hits;
  }
});

describe("without word from Redis", () => {
  let memory: MemoryTier;
  let coherence: Coherence;
  let feed: ChangeFeed;
  let read: () => Promise<ReadChanges>;
  const appended: unknown[] = [];
  const hold = (number: number) => {
    const expires = Date.now() + 3_600_000;
    const value = toCachedEntry({ entry: entryOf("x"), tenant: "-" }, expires, 1000);
    return memory.set(keyOf(number), { value, expires }, 3_600_000);
  };
  const isHeld = (number: number) => memory.peek(keyOf(number)) !== undefined;

  beforeEach(async () => {
    vi.useFakeTimers();
    appended.length = 0;
    read = async () => ({ changes: [], position: "1", isEnd: true });
    const config = loadConfig(CacheConfig, { REDIS_HOST: "redis" });
    memory = new MemoryTier(config, new CacheMetrics(new Registry()));
    const log = {
      append: async (change: unknown) => {
        await read();
        appended.push(change);
        return "1";
      },
      read: () => read(),
      keep: async () => {},
    } as unknown as ChangeLog;
    const redis = { state: "up" } as RedisConnection;
    feed = new ChangeFeed();
    coherence = new Coherence(redis, log, memory, feed, pino({ level: "silent" }));
    coherence.onModuleInit();
    await vi.advanceTimersByTimeAsync(1000);
  });

  afterEach(() => {
    coherence.onModuleDestroy();
    vi.useRealTimers();
  });

  it("what was held before is served for five minutes more, what came since for longer", async () => {
    await hold(1);
    await vi.advanceTimersByTimeAsync(1000);
    expect(coherence.isFollowing).toBe(true);
    read = () => Promise.reject(new Error("away"));
    await vi.advanceTimersByTimeAsync(4000);
    expect(coherence.isFollowing).toBe(false);
    await hold(2);
    await vi.advanceTimersByTimeAsync(290_000);
    expect(isHeld(1)).toBe(true);
    await vi.advanceTimersByTimeAsync(10_000);
    expect([isHeld(1), isHeld(2)]).toEqual([false, true]);
  });

  it("the gateways are told once, each time that it begins", async () => {
    const tell = vi.spyOn(feed, "tell");
    const unheard = () => tell.mock.calls.filter(([{ type }]) => type === "unheard").length;
    await vi.advanceTimersByTimeAsync(1000);
    expect(unheard()).toBe(0);
    for (const times of [1, 2]) {
      read = () => Promise.reject(new Error("away"));
      await vi.advanceTimersByTimeAsync(5000);
      expect(unheard()).toBe(times);
      read = async () => ({ changes: [], position: "1", isEnd: true });
      await vi.advanceTimersByTimeAsync(2000);
    }
  });

  it("what is deleted meanwhile is told to the others when it is back", async () => {
    read = () => Promise.reject(new Error("away"));
    await coherence.publish({ keys: [keyOf(1)] });
    await vi.advanceTimersByTimeAsync(5000);
    expect(appended).toEqual([{ keys: [] }]);
    read = async () => ({ changes: [], position: "1", isEnd: true });
    await vi.advanceTimersByTimeAsync(2000);
    expect(appended).toEqual([{ keys: [] }, { keys: [keyOf(1)] }]);
  });

  it("what comes faster than Redis answers is told once, and together", async () => {
    appended.length = 0;
    const isSlow = () =>
      new Promise<ReadChanges>((resolve) =>
        setTimeout(() => resolve({ changes: [], position: "1", isEnd: true }), 100),
      );
    read = isSlow;
    for (let number = 0; number < 50; number++) void coherence.publish({ keys: [String(number)] });
    await vi.advanceTimersByTimeAsync(1000);
    expect(appended.length).toBeLessThanOrEqual(2);
    const keys = appended.flatMap((change) => (change as { keys: string[] }).keys);
    expect(keys.sort()).toEqual(Array.from({ length: 50 }, (_, number) => String(number)).sort());
  });

  it("a change of others is noted before it is applied", async () => {
    await hold(1);
    const before = coherence.changes;
    read = async () => ({ changes: [{ filter: { tenant: "-" } }], position: "2", isEnd: true });
    await vi.advanceTimersByTimeAsync(300);
    expect(coherence.changes).toBeGreaterThan(before);
    expect(isHeld(1)).toBe(false);
  });
});
