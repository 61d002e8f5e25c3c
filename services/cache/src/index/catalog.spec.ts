import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type {
  CacheStats,
  DeletedEntries,
  EntryDetails,
  EntryPage,
  Neighbour,
  PathHash,
} from "#service-contracts/cache-store.js";
import { startRedisCluster } from "../../../../tests/support/redis-cluster.js";
import { isRedisMissing, startRedisServer } from "../../../../tests/support/redis-server.js";
import {
  type CacheUnderTest,
  entryOf,
  keyOf,
  startCacheUnderTest,
  waitForState,
} from "../cache-under-test.contract.js";

const secret = { CACHE_ENCRYPTION_KEY: "ab".repeat(32) };
const hourMs = 3_600_000;

interface Place {
  url: string;
  stop(): Promise<void>;
}

async function inRedis(): Promise<Place> {
  const server = await startRedisServer();
  return { url: `redis://127.0.0.1:${server.port}`, stop: () => server.stop() };
}

async function inCluster(): Promise<Place> {
  const cluster = await startRedisCluster();
  return { url: `redis-cluster://${cluster.addresses}`, stop: () => cluster.stop() };
}

describe.each([
  ["in memory", undefined, {}],
  ["in Redis", inRedis, {}],
  ["in Redis, encrypted", inRedis, secret],
  ["in a Redis Cluster", inCluster, secret],
])("administration %s", { timeout: 60_000 }, (_name, startPlace, env) => {
  const hasRedis = startPlace !== undefined;
  if (hasRedis && isRedisMissing) return it.skip("needs redis-server", () => {});
  let place: Place | undefined;
  let cache: CacheUnderTest;
  const put = (number: number, tenant = "alice", servedModel = "tiny", ageMs = number * 1000, extra = {}) =>
    cache.put(keyOf(number), `answer ${number}`, 60, {
      tenant,
      entry: entryOf(`answer ${number}`, { servedModel, storedAt: Date.now() - ageMs }),
      ...extra,
    });
  const askJson = async <T>(method: string, path: string, body?: object): Promise<T> =>
    JSON.parse((await cache.ask(method, path, body && JSON.stringify(body))).text) as T;
  const list = (query = "") => askJson<EntryPage>("GET", `/entries${query}`);
  const numbersOf = ({ data }: EntryPage) => data.map(({ key }) => Number.parseInt(key, 16));

  beforeAll(async () => {
    place = await startPlace?.();
    cache = await startCacheUnderTest({ ...env, REDIS_URL: place?.url });
    if (hasRedis) await waitForState(cache, "up");
  });

  beforeEach(() => cache.ask("DELETE", "/entries"));

  afterAll(async () => {
    await cache?.service.close();
    await place?.stop();
  });

  it("lists what is known of each entry, newest first", async () => {
    for (const number of [2, 1, 3]) await put(number);
    const page = await list();
    expect(numbersOf(page)).toEqual([1, 2, 3]);
    expect(page.next_cursor).toBeNull();
    const date = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/;
    expect(page.data[0]).toEqual({
      key: keyOf(1),
      tenant: "alice",
      model: "tiny",
      storedAt: expect.stringMatching(date),
      expiresAt: expect.stringMatching(date),
      bytes: (await cache.ask("GET", `/entries/${keyOf(1)}`)).text.length,
      hits: 0,
      lastHitAt: null,
      inputTokens: 10,
      outputTokens: 5,
      gpuSeconds: 2,
    });
  });

  it("pages through many, also of one moment, while others are added and go", async () => {
    const sameMoment = Date.now() - 1000;
    for (let number = 1; number <= 230; number++)
      await cache.put(keyOf(number), "x", 60, {
        entry: entryOf("x", { storedAt: number <= 215 ? sameMoment : sameMoment - number }),
      });
    const seen: number[] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const page: EntryPage = await list(`?limit=40${cursor && `&cursor=${cursor}`}`);
      seen.push(...numbersOf(page));
      cursor = page.next_cursor;
      await put(1000 + seen.length, "alice", "tiny", 0);
      await cache.ask("DELETE", `/entries/${keyOf(seen.at(-1) ?? 0)}`);
    }
    expect(seen.sort((one, other) => one - other)).toEqual(
      Array.from({ length: 230 }, (_, index) => index + 1),
    );
  });

  it("finds by tenant, model and age, page by page", async () => {
    for (let number = 1; number <= 20; number++)
      await put(number, number % 2 ? "alice" : "bob", number % 3 ? "tiny" : "large:30b", number * hourMs);
    expect(numbersOf(await list("?tenant=bob&model=large:30b"))).toEqual([6, 12, 18]);
    expect(numbersOf(await list("?tenant=bob&olderThan=57600"))).toEqual([16, 18, 20]);
    expect(numbersOf(await list("?tenant=nobody"))).toEqual([]);
    const first = await list("?tenant=alice&limit=3");
    expect(numbersOf(first)).toEqual([1, 3, 5]);
    expect(numbersOf(await list(`?tenant=alice&limit=3&cursor=${first.next_cursor}`))).toEqual([7, 9, 11]);
    const last = await list("?tenant=alice&limit=10");
    expect(last.next_cursor).toBeNull();
  });

  it("deletes what is meant, and nothing else", async () => {
    for (let number = 1; number <= 20; number++)
      await put(number, number % 2 ? "alice" : "bob", number % 3 ? "tiny" : "large", number * hourMs);
    const remove = (query: string) => askJson<DeletedEntries>("DELETE", `/entries${query}`);
    expect(await remove("?tenant=bob&model=large")).toEqual({ deleted: 3 });
    expect(await cache.get(keyOf(6))).toMatchObject({ status: 404 });
    expect(await cache.get(keyOf(4))).toMatchObject({ status: 200 });
    expect(await remove("?olderThan=36000")).toEqual({ deleted: 9 });
    expect(numbersOf(await list())).toEqual([1, 2, 3, 4, 5, 7, 8, 9]);
    expect(await remove("")).toEqual({ deleted: 8 });
    expect(await list()).toEqual({ data: [], next_cursor: null });
    expect(await cache.get(keyOf(1))).toMatchObject({ status: 404 });
  });

  it("lists all that is left when it was cleared under load", async () => {
    const storing = Array.from({ length: 60 }, (_, number) => put(number, "alice", "tiny", -60_000));
    const clearing = [1, 2, 3].map(() => cache.ask("DELETE", "/entries"));
    await Promise.all([...storing, ...clearing]);
    const listed = new Set(numbersOf(await list("?limit=100")));
    for (let number = 0; number < 60; number++)
      expect((await cache.get(keyOf(number))).status, `entry ${number}`).toBe(listed.has(number) ? 200 : 404);
  });

  it("shows an entry with its hits, and its question where that was stored", async () => {
    await put(1, "alice", "tiny", 0, { request: { messages: ["why?"] } });
    await put(2);
    for (let count = 0; count < 3; count++) await cache.get(keyOf(1));
    await expect
      .poll(() => askJson<EntryDetails>("GET", `/entries/${keyOf(1)}/info`), { timeout: 10_000 })
      .toMatchObject({
        key: keyOf(1),
        hits: 3,
        lastHitAt: expect.any(String) as string,
        entry: { message: { content: [{ text: "answer 1" }] } },
        request: { messages: ["why?"] },
      });
    expect(await askJson("GET", `/entries/${keyOf(2)}/info`)).not.toHaveProperty("request");
    await put(1);
    const replaced = await askJson<EntryDetails>("GET", `/entries/${keyOf(1)}/info`);
    expect(replaced).toMatchObject({ hits: 0, lastHitAt: null });
    expect(replaced).not.toHaveProperty("request");
  });

  it("sums up by tier and model", async () => {
    for (const number of [1, 2, 3]) await put(number, "alice", number === 3 ? "large" : "tiny");
    for (const number of [1, 2, 2]) await cache.get(keyOf(number));
    const { bytes = 0 } = (await list()).data[0] ?? {};
    await expect
      .poll(() => askJson<CacheStats>("GET", "/stats"), { timeout: 10_000, interval: 200 })
      .toMatchObject({
        redis: hasRedis ? "up" : "none",
        tiers: hasRedis
          ? { memory: { entries: 3 }, redis: { entries: 3, bytes: bytes * 3 + 1 } }
          : { memory: { entries: 3 } },
        models: {
          tiny: { entries: 2, bytes: bytes * 2, hits: 3, saved_tokens: 45, saved_gpu_seconds: 6 },
          large: { entries: 1, hits: 0, saved_tokens: 0, saved_gpu_seconds: 0 },
        },
      });
  });

  it("lets go of what has expired", async () => {
    await cache.put(keyOf(1), "short", 1);
    await put(2);
    await expect.poll(async () => numbersOf(await list()), { timeout: 10_000 }).toEqual([2]);
    expect(await cache.ask("GET", `/entries/${keyOf(1)}/info`)).toMatchObject({ status: 404 });
  });

  it("names the nearest question of the same tenant", async () => {
    const paths = (...hashes: string[]): PathHash[] =>
      hashes.map((hash, index) => [`messages[${index}]`, hash]);
    await put(1, "alice", "tiny", 3000, { paths: paths("a", "b", "c") });
    await put(2, "alice", "tiny", 2000, { paths: paths("a", "x") });
    await put(3, "bob", "tiny", 1000, { paths: paths("a", "b", "d", "e") });
    await put(4, "alice", "tiny", 0);
    const ask = (body: object) => askJson<Neighbour>("POST", "/neighbours", body);
    const asked = { tenant: "alice", paths: paths("a", "b", "d", "e") };
    expect(await ask(asked)).toEqual({ key: keyOf(1), equal_paths: 2, first_difference: "messages[2]" });
    expect(await ask({ ...asked, except: keyOf(1) })).toMatchObject({ key: keyOf(2), equal_paths: 1 });
    expect(await ask({ ...asked, tenant: "bob" })).toMatchObject({ key: keyOf(3), first_difference: null });
    expect(await ask({ ...asked, tenant: "carol" })).toMatchObject({ error: { type: "not_found_error" } });
    await cache.ask("DELETE", "/entries?tenant=alice");
    expect(await ask(asked)).toMatchObject({ error: { type: "not_found_error" } });
  });

  it("names a neighbour of a question without parts", async () => {
    await put(1, "alice", "tiny", 0, { paths: [] });
    const why = () => cache.ask("GET", `/entries/${keyOf(1)}/why`);
    expect(await why()).toMatchObject({ status: 404 });
    await put(2, "alice", "tiny", 1000, { paths: [["model", "a"]] });
    expect(JSON.parse((await why()).text)).toEqual({
      key: keyOf(2),
      equal_paths: 0,
      first_difference: null,
    });
  });

  it("remembers for an hour what a session was given", async () => {
    await put(1);
    const get = (hash: string) => cache.ask("GET", `/entries/${keyOf(1)}?given=${hash}`);
    expect(await get("a".repeat(32))).toMatchObject({ status: 200, given: null });
    expect(await cache.mark(keyOf(1), "A".repeat(32))).toMatchObject({ status: 204, text: "" });
    expect(await get("a".repeat(32))).toMatchObject({ status: 404, given: "true", tier: null });
    expect(await get("b".repeat(32))).toMatchObject({ status: 200, given: null });
    expect(await cache.get(keyOf(1))).toMatchObject({ status: 200 });
  });
});
