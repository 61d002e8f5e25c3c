import { createHash } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { KeyFilter } from "#service-contracts/key-filter.js";
import type { ChangeLine, StoredKeysAnswer } from "#service-contracts/near-copies.js";
import {
  isRedisMissing,
  type RedisServer,
  startRedisServer,
} from "../../../../tests/support/redis-server.js";
import {
  type CacheUnderTest,
  entryOf,
  startCacheUnderTest,
  waitForState,
} from "../cache-under-test.contract.js";

const patience = { timeout: 10_000, interval: 50 };
const keyOf = (name: number | string) => createHash("sha256").update(String(name)).digest("hex");

async function start(env: NodeJS.ProcessEnv = {}): Promise<CacheUnderTest> {
  const cache = await startCacheUnderTest(env);
  onTestFinished(() => cache.service.close());
  return cache;
}

/** @returns whether a gateway would have to ask for a key */
async function storedIn(cache: CacheUnderTest): Promise<(key: string) => boolean> {
  const told = await vi.waitFor(async () => {
    const { status, text } = await cache.ask("GET", "/stored-keys");
    expect(status).toBe(200);
    return JSON.parse(text) as StoredKeysAnswer;
  }, patience);
  const filter = new KeyFilter();
  expect(filter.addAll(told.filter)).toBe(true);
  return (key) => filter.has(key);
}

describe("GET /stored-keys", () => {
  it("tells what is in memory, and whose changes are to be heard", async () => {
    const cache = await start();
    for (const number of [1, 2, 3]) await cache.put(keyOf(number), "x");
    await cache.ask("DELETE", `/entries/${keyOf(2)}`);
    const isStored = await storedIn(cache);
    expect([1, 2, 3, 4].map((number) => isStored(keyOf(number)))).toEqual([true, false, true, false]);
    const feed = await fetch(`${cache.service.url}/changes`);
    const first = (await feed.body?.getReader().read())?.value;
    const hello = JSON.parse(Buffer.from(first ?? []).toString()) as ChangeLine;
    const { text } = await cache.ask("GET", "/stored-keys");
    expect(hello).toMatchObject({ instance: (JSON.parse(text) as StoredKeysAnswer).instance });
    expect(await cache.ask("GET", "/stored-keys?instance=another")).toMatchObject({ status: 404 });
  });
});

describe.skipIf(isRedisMissing)("GET /stored-keys with Redis", () => {
  let redis: RedisServer;
  const startOnRedis = async () => {
    const cache = await start({ REDIS_URL: `redis://127.0.0.1:${redis.port}` });
    await waitForState(cache, "up");
    return cache;
  };

  beforeEach(async () => {
    redis = await startRedisServer();
  });
  afterEach(() => redis.stop());

  it("tells what others have stored, before it began and since", async () => {
    const other = await startOnRedis();
    await other.put(keyOf("before"), "x");
    const cache = await startOnRedis();
    await storedIn(cache);
    await other.put(keyOf("since"), "x");
    const isStored = await storedIn(cache);
    expect(["before", "since", "never"].map((name) => isStored(keyOf(name)))).toEqual([true, true, false]);
  });

  it("tells all of many, also where thousands are of one millisecond", async () => {
    const cache = await startOnRedis();
    const names = Array.from({ length: 5000 }, (_, number) => number);
    const scored = names.flatMap((name) => [name < 4500 ? "1" : String(name), keyOf(name)]);
    for (let at = 0; at < scored.length; at += 2000)
      await redis.cli("ZADD", "llm-selfhost:{index}:1:stored", ...scored.slice(at, at + 2000));
    const isStored = await storedIn(cache);
    expect(names.filter((name) => !isStored(keyOf(name)))).toEqual([]);
    expect(isStored(keyOf("none"))).toBe(false);
  });

  it("tells nothing while Redis does not answer, and afterwards what was stored meanwhile too", async () => {
    const cache = await startOnRedis();
    await cache.put(keyOf("before"), "x");
    await storedIn(cache);
    redis.pause();
    onTestFinished(() => redis.resume());
    await waitForState(cache, "down");
    await vi.waitFor(
      async () => expect(await cache.ask("GET", "/stored-keys")).toMatchObject({ status: 529 }),
      patience,
    );
    await cache.put(keyOf("meanwhile"), "x", 60, { entry: entryOf("x") });
    redis.resume();
    await waitForState(cache, "up");
    const isStored = await storedIn(cache);
    expect(["before", "meanwhile", "never"].map((name) => isStored(keyOf(name)))).toEqual([
      true,
      true,
      false,
    ]);
  });
});
