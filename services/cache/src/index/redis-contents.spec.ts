import { setTimeout } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { EntryPage } from "#service-contracts/cache-store.js";
import type { EntryCopy } from "#service-contracts/near-copies.js";
import {
  isRedisMissing,
  type RedisServer,
  startRedisServer,
} from "../../../../tests/support/redis-server.js";
import {
  type CacheUnderTest,
  entryOf,
  keyOf,
  reportOf,
  startCacheUnderTest,
  waitForState,
} from "../cache-under-test.contract.js";
import { RedisIndex } from "./redis-index.js";

const words = ["SECRETANSWER", "SECRETTENANT", "SECRETMODEL", "SECRETQUESTION", "SECRETPATH"];

describe.skipIf(isRedisMissing)("what stands in Redis", () => {
  let redis: RedisServer;
  let cache: CacheUnderTest;
  const start = async (env: NodeJS.ProcessEnv = {}) => {
    cache = await startCacheUnderTest({ REDIS_URL: `redis://127.0.0.1:${redis.port}`, ...env });
    await waitForState(cache, "up");
  };
  const names = async () => (await redis.cli("--scan")).split("\n").filter((name) => name !== "");
  /** Does everything that writes. */
  const useAll = async () => {
    for (let number = 1; number <= 3; number++)
      await cache.put(keyOf(number), "", 60, {
        entry: entryOf(`SECRETANSWER ${number}`, { servedModel: "SECRETMODEL" }),
        tenant: "SECRETTENANT",
        paths: [["SECRETPATH", "1"]],
        request: { messages: ["SECRETQUESTION"] },
      });
    await cache.get(keyOf(1));
    await cache.mark(keyOf(1), "c".repeat(32));
    await cache.ask("PUT", `/notes/${keyOf(8)}`, '["SECRETMODEL"]');
    await cache.ask("DELETE", "/entries?tenant=SECRETTENANT&model=SECRETMODEL&olderThan=9999");
    await expect.poll(() => redis.cli("HLEN", "llm-selfhost:{index}:1:hits"), { timeout: 10_000 }).toBe("1");
  };
  /** Every byte of every value, and every name. */
  const dump = async () => {
    const dumps = (await names()).map(async (name) => name + (await redis.cli("DUMP", name)));
    return (await Promise.all(dumps)).join("\n");
  };

  beforeEach(async () => {
    redis = await startRedisServer({ args: ["--rdbcompression", "no"] });
  });

  afterEach(async () => {
    await cache.service.close();
    await redis.stop();
  });

  it("has a time to live, all of it", async () => {
    await start();
    await useAll();
    expect((await names()).length).toBeGreaterThan(13);
    for (const name of await names()) {
      expect(name).toMatch(/^llm-selfhost:/);
      expect(Number(await redis.cli("PTTL", name)), name).toBeGreaterThan(0);
    }
  });

  it.each([
    ["a list", ["RPUSH", "x"]],
    ["a text", ["SET", "x"]],
    ["a hash", ["HSET", "x", "x"]],
  ])(
    "is written anew where somebody else has put %s in the place of all of it",
    async (_kind, [verb, ...rest]) => {
      await start();
      await useAll();
      for (const name of await names()) {
        await redis.cli("DEL", name);
        await redis.cli(verb as string, name, ...rest);
      }
      expect((await cache.ask("GET", "/entries")).status).toBe(200);
      await cache.put(keyOf(7), "after that", 60);
      await expect.poll(() => cache.get(keyOf(7))).toMatchObject({ status: 200 });
      const { text } = await cache.ask("GET", "/entries");
      expect(JSON.parse(text)).toMatchObject({ data: [{ key: keyOf(7) }] });
      expect(await cache.mark(keyOf(7), "c".repeat(32))).toMatchObject({ status: 204 });
      expect((await cache.ask("GET", "/stats")).status).toBe(200);
      expect((await cache.ask("DELETE", "/entries")).status).toBe(200);
      expect(await cache.get(keyOf(7))).toMatchObject({ status: 404 });
    },
  );

  it("can be read by nobody without the key", async () => {
    await start({ CACHE_ENCRYPTION_KEY: "cd".repeat(32) });
    await useAll();
    const text = await dump();
    for (const word of words) expect(text).not.toContain(word);
  });

  it("is of no use under another key", async () => {
    await start();
    await cache.put(keyOf(1), "x");
    const [one, other] = [1, 2].map((number) => `llm-selfhost:entry:1:${keyOf(number)}`) as [string, string];
    await redis.cli("COPY", one, other);
    expect(await cache.get(keyOf(2))).toMatchObject({ status: 404 });
    const { text } = await cache.ask("GET", "/metrics");
    expect(text).toContain('llm_cache_damaged_total{reason="checksum"} 1');
  });

  it("is pruned as it expires", async () => {
    await start();
    await cache.put(keyOf(1), "x", 1);
    await cache.put(keyOf(2), "x", 60);
    const indexed = () => redis.cli("ZCARD", "llm-selfhost:{index}:1:stored");
    expect(await indexed()).toBe("2");
    await expect
      .poll(() => redis.cli("EXISTS", `llm-selfhost:entry:1:${keyOf(1)}`), { timeout: 5000 })
      .toBe("0");
    await cache.service.app.get(RedisIndex).prune();
    expect(await indexed()).toBe("1");
    expect(await redis.cli("HKEYS", "llm-selfhost:{index}:1:facts")).toBe(keyOf(2));
  });

  it("goes with a clear by a service whose clock is ahead", async () => {
    await start();
    await cache.put(keyOf(1), "x", 60);
    const aheadMs = 3_600_000;
    const { now } = Date;
    vi.spyOn(Date, "now").mockImplementation(() => now() + aheadMs);
    await cache.service.app.get(RedisIndex).prune();
    const { text } = await cache.ask("DELETE", "/entries");
    vi.restoreAllMocks();
    expect(JSON.parse(text)).toEqual({ deleted: 1 });
    expect(await cache.get(keyOf(1))).toMatchObject({ status: 404 });
  });

  it("goes with a clear where nothing is known of it", async () => {
    await start();
    await cache.put(keyOf(1), "x");
    await cache.put(keyOf(2), "x");
    await redis.cli("HSET", "llm-selfhost:{index}:1:facts", keyOf(1), "damaged");
    await redis.cli("HDEL", "llm-selfhost:{index}:1:facts", keyOf(2));
    await cache.ask("DELETE", "/entries");
    for (const number of [1, 2]) expect(await cache.get(keyOf(number))).toMatchObject({ status: 404 });
  });

  it.each(["abc", "nan", "inf", "-1", "1.5", "99999999999999999", "1e300", ""])(
    "counts as no hits where somebody has written %j",
    async (damage) => {
      await start();
      await cache.put(keyOf(1), "x");
      for (const part of ["hits", "last-hits"])
        await redis.cli("HSET", `llm-selfhost:{index}:1:${part}`, keyOf(1), damage);
      const { text } = await cache.ask("GET", "/entries");
      expect(JSON.parse(text)).toMatchObject({ data: [{ key: keyOf(1), hits: 0 }] });
      expect((await cache.ask("GET", `/entries/${keyOf(1)}/info`)).status).toBe(200);
    },
  );

  it("is counted where a count beside it is damaged", async () => {
    await start();
    for (const number of [1, 2]) await cache.put(keyOf(number), "x");
    await redis.cli("HSET", "llm-selfhost:{index}:1:hits", keyOf(1), "abc");
    for (const number of [1, 2]) await cache.get(keyOf(number));
    const counts = () => redis.cli("HMGET", "llm-selfhost:{index}:1:hits", keyOf(1), keyOf(2));
    await expect.poll(counts, { timeout: 10_000 }).toBe("1\n1");
  });

  it.each(["inf", "-inf", "1e300", "-7", "0.1234567890123"])(
    "is listed once, page by page, and cleared where its place in the index is %s",
    async (score) => {
      await start();
      const now = Date.now();
      for (let number = 1; number <= 4; number++)
        await cache.put(keyOf(number), "x", 60, { entry: entryOf("x", { storedAt: now - number }) });
      for (const number of [1, 4])
        await redis.cli("ZADD", "llm-selfhost:{index}:1:stored", score, keyOf(number));
      const seen: string[] = [];
      let cursor: string | null = "";
      for (let pages = 0; cursor !== null && pages < 6; pages++) {
        const answer = await cache.ask("GET", `/entries?limit=1${cursor && `&cursor=${cursor}`}`);
        expect(answer.status, answer.text).toBe(200);
        const page = JSON.parse(answer.text) as EntryPage;
        seen.push(...page.data.map(({ key }) => key));
        cursor = page.next_cursor;
      }
      expect(seen.sort()).toEqual([1, 2, 3, 4].map(keyOf));
      expect(JSON.parse((await cache.ask("DELETE", "/entries")).text)).toEqual({ deleted: 4 });
    },
  );

  it.each([
    ["that reads it", -3_600_000, 0],
    ["that is stepped back later", 0, -3_600_000],
  ])("is kept no longer than its time by the clock of a service %s", async (_name, beforeMs, afterMs) => {
    await start();
    const reader = await startCacheUnderTest({ REDIS_URL: `redis://127.0.0.1:${redis.port}` });
    await waitForState(reader, "up");
    await cache.put(keyOf(1), "x", 60);
    await setTimeout(500); // its store is told too, and lets go of what was read before
    const { now } = Date;
    const step = (ms: number) => vi.spyOn(Date, "now").mockImplementation(() => now() + ms);
    step(beforeMs);
    await reader.get(keyOf(1));
    step(beforeMs + afterMs);
    const { text } = await reader.ask("GET", `/entries/${keyOf(1)}/copy`);
    vi.restoreAllMocks();
    await reader.service.close();
    const { terms } = JSON.parse(text) as EntryCopy;
    expect(terms?.remaining_ms).toBeLessThanOrEqual(60_000);
    expect(terms?.remaining_ms).toBeGreaterThan(0);
  });

  it("is plain without a key: the search above would find it", async () => {
    await start();
    await useAll();
    const text = await dump();
    for (const word of words) expect(text).toContain(word);
  });

  it("goes with a clear, and nothing of others does", async () => {
    const foreign = ["llm-selfhost:other", `llm-selfhost:entry:0:${keyOf(1)}`, "sess:1", keyOf(1)];
    for (const name of foreign) await redis.cli("SET", name, "kept");
    await start();
    await useAll();
    const { text } = await cache.ask("DELETE", "/entries");
    expect(JSON.parse(text)).toEqual({ deleted: 3 });
    const left = await names();
    expect(left).toEqual(expect.arrayContaining(foreign));
    expect(left.filter((name) => /:(entry|paths|request):1:|\{index\}/.test(name))).toEqual([]);
    expect(await redis.cli("GET", "sess:1")).toBe("kept");
  });

  it("is not listed when it could not be stored, and not stored when it could not be listed", async () => {
    await start();
    await redis.cli("ACL", "SETUSER", "default", "-zadd", "-zrevrangebyscore");
    expect(await cache.put(keyOf(1), "x")).toMatchObject({ status: 204 });
    expect(await cache.get(keyOf(1))).toMatchObject({ tier: "memory" });
    expect(await redis.cli("EXISTS", `llm-selfhost:entry:1:${keyOf(1)}`)).toBe("0");
    expect(await cache.ask("GET", "/entries")).toMatchObject({ status: 529 });
  });

  it("knows who had an answer while Redis is away, and lets nobody keep a copy then", async () => {
    await start();
    const hashes = ["a", "b"].map((digit) => digit.repeat(32));
    await cache.put(keyOf(1), "x");
    await cache.mark(keyOf(1), hashes[0] ?? "");
    const copy = (given: string | undefined) => cache.ask("GET", `/entries/${keyOf(1)}/copy?given=${given}`);
    expect(JSON.parse((await copy(hashes[1])).text)).toMatchObject({
      terms: { given: [[hashes[0], expect.any(Number)]] },
    });
    const many = Array.from({ length: 5001 }, (_, number) => keyOf(number).slice(-32));
    await cache.ask("POST", "/reports", JSON.stringify(reportOf({ given: [[keyOf(2), many]] })));
    await cache.put(keyOf(2), "x");
    expect(await cache.ask("GET", `/entries/${keyOf(2)}/copy?given=${many[7]}`)).toMatchObject({
      given: "true",
    });
    const ofMany = await cache.ask("GET", `/entries/${keyOf(2)}/copy?given=${hashes[0]}`);
    expect(JSON.parse(ofMany.text)).toMatchObject({ terms: null, entry: { version: 1 } });
    await redis.kill();
    await waitForState(cache, "down");
    expect(await copy(hashes[0])).toMatchObject({ status: 404, given: "true" });
    expect(JSON.parse((await copy(hashes[1])).text)).toMatchObject({ terms: null, entry: { version: 1 } });
  });

  it("is found while the sessions of many answers are written down", async () => {
    await start();
    await cache.put(keyOf(1), "x");
    await cache.service.close();
    await start();
    const given = Array.from({ length: 600 }, (_, number) => [keyOf(number + 2), ["a".repeat(32)]]);
    const reported = cache.ask("POST", "/reports", JSON.stringify(reportOf({ given } as never)));
    expect(await cache.get(keyOf(1))).toMatchObject({ status: 200, tier: "redis" });
    await reported;
    expect((await names()).filter((name) => name.includes(":given:"))).toHaveLength(600);
  });

  it("is said to be out of reach when it is", async () => {
    await start();
    await cache.put(keyOf(1), "x", 60, { tenant: "alice" });
    await redis.kill();
    await waitForState(cache, "down");
    for (const [method, path] of [
      ["GET", "/entries"],
      ["GET", `/entries/${keyOf(1)}/info`],
      ["DELETE", "/entries?tenant=bob"],
    ] as const)
      expect(await cache.ask(method, path)).toMatchObject({ status: 529 });
    const { text } = await cache.ask("GET", "/stats");
    expect(JSON.parse(text)).toMatchObject({ redis: "down", models: { "tiny:latest": { entries: 1 } } });
    expect(await cache.get(keyOf(1))).toMatchObject({ tier: "memory" });
    expect(await cache.ask("DELETE", "/entries")).toMatchObject({ status: 529 });
    expect(await cache.get(keyOf(1))).toMatchObject({ status: 404 });
  });
});
