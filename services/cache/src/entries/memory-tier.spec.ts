import { Registry } from "prom-client";
import { beforeEach, describe, expect, it } from "vitest";
import { loadConfig } from "#platform/load-config.js";
import { entryOf, keyOf, waitUntil } from "../cache-under-test.contract.js";
import { CacheConfig } from "../cache.config.js";
import { CacheMetrics } from "./cache.metrics.js";
import type { StoredValue } from "./cached-entry.js";
import { MemoryTier } from "./memory-tier.js";
import { toCachedEntry, toOwnBuffer } from "./to-cached-entry.js";

const megabyte = 1024 * 1024;

describe("MemoryTier", () => {
  let tier: MemoryTier;
  const set = (number: number, text: string, ttlMs = 60_000, question?: string) => {
    const expires = Date.now() + ttlMs;
    const request = { entry: entryOf(text), tenant: "-", request: question };
    const value = toCachedEntry(request, expires, megabyte);
    return tier.set(keyOf(number), { value: { ...value, text: toOwnBuffer(text) }, expires }, ttlMs);
  };
  const get = async (number: number) => (await tier.get<StoredValue>(keyOf(number)))?.value.text.toString();

  beforeEach(() => {
    const config = loadConfig(CacheConfig, { CACHE_MAX_MEMORY_MB: "1" });
    tier = new MemoryTier(config, new CacheMetrics(new Registry()));
  });

  it("gives back what it was given", async () => {
    await set(1, "häh → 🙂");
    expect(await get(1)).toBe("häh → 🙂");
    await tier.delete(keyOf(1));
    expect(await get(1)).toBeUndefined();
    expect(tier.size).toEqual({ entries: 0, bytes: 0 });
  });

  it("is bounded by bytes, and lets go of the least recently used", async () => {
    for (let number = 0; number < 9; number++) {
      await set(number, "→".repeat(100_000 / 3));
      await get(0);
    }
    expect(tier.size.entries).toBe(9);
    await set(9, "x".repeat(200_000));
    expect(tier.size.bytes).toBeLessThanOrEqual(megabyte);
    expect(await get(0)).toBeDefined();
    expect(await get(1)).toBeUndefined();
    expect(await get(9)).toBeDefined();
  });

  it("counts a question that it keeps", async () => {
    await set(1, "answer", 60_000, "x".repeat(1000));
    expect(tier.size).toEqual({ entries: 1, bytes: 6 + 1002 + 1024 });
  });

  it("does not take an entry that is larger than all of it, nor keep the older one", async () => {
    await set(1, "old");
    await set(1, "x".repeat(megabyte));
    expect(await get(1)).toBeUndefined();
  });

  it("lets an entry go when its time is over, also from its size", async () => {
    await set(1, "short", 50);
    await set(2, "long");
    await waitUntil("it expired", async () => (await get(1)) === undefined);
    await set(3, "short", 50);
    await waitUntil("it is not counted", async () => tier.size.entries === 1);
    expect(await get(2)).toBe("long");
  });
});
