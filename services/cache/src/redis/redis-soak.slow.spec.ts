import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import {
  isRedisMissing,
  type RedisServer,
  startRedisServer,
} from "../../../../tests/support/redis-server.js";
import {
  boundMs,
  type CacheUnderTest,
  keyOf,
  startCacheUnderTest,
  waitForState,
  waitUntil,
} from "../cache-under-test.contract.js";
import { createRandom, keys, load, type Tally, valueOf } from "./soak-load.contract.js";

const soakSeconds = Number(process.env["SOAK_SECONDS"] ?? (process.env["CI"] ? 60 : 10));
const seed = Number(process.env["SOAK_SEED"] ?? Date.now() % 1_000_000);

/** `SOAK_SECONDS=600 npx vitest run redis-soak` for ten minutes; `SOAK_SEED` repeats a run. */
it.skipIf(isRedisMissing)(
  `outlives a Redis that is killed, stopped and revived at random for ${soakSeconds} s (seed ${seed})`,
  async () => {
    let redis = await startRedisServer();
    // Too small for all entries, so that Redis is asked.
    const env = { REDIS_HOST: "127.0.0.1", REDIS_PORT: String(redis.port), CACHE_MAX_MEMORY_MB: "1" };
    const cache = await startCacheUnderTest(env);
    try {
      await waitForState(cache, "up");
      const random = createRandom(seed);
      await load(cache, random, performance.now() + 2000);
      const before = await measure();
      const until = performance.now() + soakSeconds * 1000;
      const [tally, faults] = await Promise.all([
        load(cache, random, until),
        disturb(redis, createRandom(seed + 1), until).then((result) => {
          redis = result.redis;
          return result.faults;
        }),
      ]);
      await waitForState(cache, "up");
      await expectHitsFromRedis(cache, env);
      await waitUntil(
        "the handles are as before",
        async () => (await measure()).handles <= before.handles + 8,
      );
      report(tally, faults, before, await measure());
      expectSound(tally);
      expect((await measure()).heapMb - before.heapMb).toBeLessThan(25);
    } finally {
      await cache.service.close();
      await redis.stop();
    }
  },
  soakSeconds * 1000 + 120_000,
);

/** Until then Redis is killed, stopped, and started anew; afterwards it runs. */
async function disturb(first: RedisServer, random: () => number, until: number) {
  let redis = first;
  let faults = 0;
  while (performance.now() < until) {
    await sleep(200 + random() * 2500);
    faults += 1;
    const isKill = random() < 0.5;
    if (isKill) await redis.kill();
    else redis.pause();
    await sleep(100 + random() * (random() < 0.2 ? 6000 : 1500));
    if (!isKill) redis.resume();
    else {
      await redis.stop();
      redis = await startRedisServer({ port: redis.port });
    }
  }
  return { redis, faults };
}

/** Another instance, which has nothing in memory, finds there what this one stores now. */
async function expectHitsFromRedis(cache: CacheUnderTest, env: NodeJS.ProcessEnv): Promise<void> {
  const reader = await startCacheUnderTest(env);
  await waitForState(reader, "up");
  for (let number = keys; number < keys + 20; number++) {
    await cache.put(keyOf(number), valueOf(number));
    expect(await reader.get(keyOf(number))).toMatchObject({ tier: "redis", text: valueOf(number) });
  }
  await reader.service.close();
}

function expectSound({ hits, fromRedis, stores, waits, wrong }: Tally): void {
  expect(wrong).toEqual([]);
  for (const count of [hits, fromRedis, stores]) expect(count).toBeGreaterThan(0);
  const slow = waits.filter((durationMs) => durationMs > boundMs);
  // The machine is shared: one in a thousand may have waited for the machine.
  expect(slow.length).toBeLessThanOrEqual(Math.ceil(waits.length / 1000));
  expect(slow.every((durationMs) => durationMs < 2500)).toBe(true);
}

async function measure(): Promise<{ heapMb: number; handles: number }> {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  collect();
  await sleep(200);
  collect();
  const handles = process.getActiveResourcesInfo().filter((type) => /Socket|TCP|TLS|Timeout|Pipe/.test(type));
  return { heapMb: process.memoryUsage().heapUsed / 1024 / 1024, handles: handles.length };
}

function report(
  { hits, fromRedis, misses, stores, waits }: Tally,
  faults: number,
  before: object,
  after: object,
): void {
  const sorted = waits.toSorted((one, other) => one - other);
  const at = (part: number) => Math.round(sorted[Math.floor((sorted.length - 1) * part)] ?? 0);
  const delays = { p50: at(0.5), p99: at(0.99), p999: at(0.999), max: at(1) };
  console.log("soak", { seed, faults, hits, fromRedis, misses, stores, delays, before, after });
}
