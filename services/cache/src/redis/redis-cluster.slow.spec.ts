import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type RedisClusterServers, startRedisCluster } from "../../../../tests/support/redis-cluster.js";
import {
  isRedisMissing,
  type RedisServer,
  startRedisServer,
} from "../../../../tests/support/redis-server.js";
import {
  boundMs,
  expectBoundedAnswers,
  keyOf,
  waitForState,
  waitUntil,
} from "../cache-under-test.contract.js";
import { keySlot } from "./key-slot.js";
import { expectTold, type LoggedCache, startLoad, startLoggedCache } from "./logged-cache.contract.js";

const redisKey = (number: number) => `llm-selfhost:entry:1:${keyOf(number)}`;
const numbers = Array.from({ length: 30 }, (_, index) => 1000 + index);
/** Of three masters the one that has the key at the start. */
const masterOf = (number: number) => Math.floor((keySlot(redisKey(number)) * 3) / 16384);

describe.skipIf(isRedisMissing)("a Redis Cluster", { timeout: 120_000 }, () => {
  let cluster: RedisClusterServers;
  const caches: LoggedCache[] = [];
  const start = async (url = `redis-cluster://${cluster.addresses}`) => {
    const cache = await startLoggedCache({ REDIS_URL: url });
    caches.push(cache);
    return cache;
  };
  const startUp = async () => {
    const cache = await start();
    await waitForState(cache, "up");
    return cache;
  };
  const putAll = async (cache: LoggedCache) => {
    for (const number of numbers)
      expect(await cache.put(keyOf(number), `"${number}"`)).toMatchObject({ status: 204 });
  };
  /** Where an instance that has nothing in memory finds them. */
  const findAll = async (): Promise<(string | null)[]> => {
    const reader = await start();
    await waitUntil("it has connected", async () => (await reader.redisState()) !== "connecting");
    const tiers = [];
    for (const number of numbers) {
      const { tier, durationMs } = await reader.get(keyOf(number));
      expect(durationMs).toBeLessThan(boundMs);
      tiers.push(tier);
    }
    return tiers;
  };
  const expectAllFound = () =>
    waitUntil("all entries are found", async () => (await findAll()).every((tier) => tier === "redis"));

  beforeAll(async () => {
    cluster = await startRedisCluster();
  });

  afterEach(() => Promise.all(caches.splice(0).map((cache) => cache.stop())));
  afterAll(() => cluster?.stop());

  it("spreads the entries over its masters, each with its time to live", async () => {
    await putAll(await startUp());
    for (const [index, master] of cluster.masters.entries()) {
      const mine = numbers.filter((number) => masterOf(number) === index);
      expect(mine.length).toBeGreaterThan(0);
      for (const number of mine)
        expect(Number(await master.cli("PTTL", redisKey(number)))).toBeGreaterThan(0);
    }
    expect((await findAll()).every((tier) => tier === "redis")).toBe(true);
    for (const master of cluster.masters)
      for (const key of (await master.cli("KEYS", "*")).split("\n"))
        expect({ key, ttl: Number(await master.cli("PTTL", key)) > 0 }).toEqual({ key, ttl: true });
  });

  it("moves a slot while it is read", async () => {
    const cache = await startUp();
    await putAll(cache);
    const [number = 0] = numbers;
    const slot = String(keySlot(redisKey(number)));
    const [source, target] = moveOf(masterOf(number), cluster.masters);
    const [sourceId, targetId] = [await source.cli("CLUSTER", "MYID"), await target.cli("CLUSTER", "MYID")];
    await target.cli("CLUSTER", "SETSLOT", slot, "IMPORTING", sourceId);
    await source.cli("CLUSTER", "SETSLOT", slot, "MIGRATING", targetId);
    await source.cli("MIGRATE", "127.0.0.1", String(target.port), redisKey(number), "0", "5000");
    expect(await findAll()).not.toContain(null);
    for (const node of [target, source]) await node.cli("CLUSTER", "SETSLOT", slot, "NODE", targetId);
    const other = await startUp();
    expect(await other.get(keyOf(number))).toMatchObject({ tier: "redis" });
    await cache.ask("DELETE", `/entries/${keyOf(number)}`);
    expect(await target.cli("EXISTS", redisKey(number))).toBe("0");
    for (const node of [source, target]) await node.cli("CLUSTER", "SETSLOT", slot, "NODE", targetId);
    expect(await cache.healthReason()).toBeUndefined();
  });

  it("hangs in part: the other masters are not slower for it", async () => {
    const cache = await startUp();
    await putAll(cache);
    const reader = await startUp();
    cluster.masters[0]?.pause();
    const waits: number[] = [];
    for (const number of numbers) {
      const { tier, durationMs } = await reader.get(keyOf(number));
      if (masterOf(number) !== 0 && number > 1000) expect(tier).toBe("redis");
      waits.push(durationMs);
    }
    cluster.masters[0]?.resume();
    expect(Math.max(...waits)).toBeLessThan(boundMs);
    expect(waits.filter((durationMs) => durationMs > 100).length).toBeLessThanOrEqual(6);
    await waitForState(reader, "up");
    await expectAllFound();
  });

  it("hands a master over under load", async () => {
    const cache = await startUp();
    const load = startLoad(cache);
    await cluster.replicas[1]?.cli("CLUSTER", "FAILOVER");
    const replica = cluster.replicas[1];
    await waitUntil(
      "it is handed over",
      async () => (await replica?.cli("ROLE"))?.startsWith("master") === true,
    );
    await new Promise((resolve) => setTimeout(resolve, 1500));
    await load.stop();
    await waitForState(cache, "up");
    await putAll(cache);
    await expectAllFound();
  });

  it("loses a master under load, and finds its successor", async () => {
    const cache = await startUp();
    await putAll(cache);
    const load = startLoad(cache);
    await cluster.masters[2]?.kill();
    await waitForState(cache, "down");
    await waitForState(cache, "up");
    await load.stop();
    await expectAllFound();
    expect(await cluster.replicas[2]?.cli("ROLE")).toMatch(/^master/);
  });

  it("is begun with nodes of which the first is dead", async () => {
    const cache = await start(`redis-cluster://127.0.0.1:1,127.0.0.1:${cluster.masters[0]?.port}`);
    await waitForState(cache, "up");
    await expectBoundedAnswers(cache, 3);
  });

  it("is not there at all", async () => {
    const cache = await start("redis-cluster://127.0.0.1:1,127.0.0.1:2");
    await waitForState(cache, "down");
    await expectBoundedAnswers(cache, 3);
    await expectTold(cache, /127.0.0.1:1: .*ECONNREFUSED/);
  });

  it("says so when it was configured as a single Redis", async () => {
    const cache = await start(`redis://127.0.0.1:${cluster.masters[0]?.port}`);
    await waitForState(cache, "up");
    await expectBoundedAnswers(cache, 3);
    await expectTold(cache, /MOVED .*REDIS_URL must be redis-cluster:\/\//);
  });

  it("says so when a single Redis was configured as a cluster", async () => {
    const redis = await startRedisServer();
    const cache = await start(`redis-cluster://127.0.0.1:${redis.port}`);
    await waitForState(cache, "down");
    await expectBoundedAnswers(cache, 3);
    await expectTold(cache, /cluster support disabled .*REDIS_URL must be redis:\/\//);
    await redis.stop();
  });
});

function moveOf(index: number, masters: RedisServer[]): [RedisServer, RedisServer] {
  const [source, target] = [masters[index], masters[(index + 1) % masters.length]];
  if (!source || !target) throw new Error("the cluster has no such master");
  return [source, target];
}
