import { randomBytes } from "node:crypto";
import { Registry } from "prom-client";
import { describe, expect, it } from "vitest";
import { loadConfig } from "#platform/load-config.js";
import { CacheConfig } from "../cache.config.js";
import { CacheMetrics } from "../entries/cache.metrics.js";
import { Keyring } from "./keyring.js";
import { Sealer } from "./sealer.js";

const [oneKey, otherKey] = [randomBytes(32).toString("base64"), randomBytes(32).toString("hex")];
const name = "llm-selfhost:entry:1:abc";
const soon = () => Date.now() + 60_000;

function sealerWith(keys: string) {
  const registry = new Registry();
  const keyring = new Keyring(loadConfig(CacheConfig, { CACHE_ENCRYPTION_KEY: keys }));
  const sealer = new Sealer(keyring, new CacheMetrics(registry));
  const damages = async () => {
    const text = await registry.getSingleMetricAsString("llm_cache_damaged_total");
    return [...text.matchAll(/reason="(\w+)"} ([1-9]\d*)/g)].map(([, reason, count]) => `${reason} ${count}`);
  };
  return { sealer, damages };
}

describe.each([
  ["without a key", ""],
  ["with a key", oneKey],
])("a sealed value %s", (_name, keys) => {
  const { sealer, damages } = sealerWith(keys);

  it.each([0, 1, 1024, 1025, 100_000, 1_000_000])("of %i bytes opens as it was", async (length) => {
    for (const value of [Buffer.alloc(length, "text "), randomBytes(length)]) {
      const opened = await sealer.open(name, await sealer.seal(name, value, soon()));
      expect(opened?.equals(value)).toBe(true);
    }
    expect(await damages()).toEqual([]);
  });

  it("is smaller than a long text", async () => {
    const sealed = await sealer.seal(name, Buffer.alloc(10_000, "text "), soon());
    expect(sealed.length).toBeLessThan(200);
  });

  it("is over after its time, which is no damage", async () => {
    const sealed = await sealer.seal(name, Buffer.from("x"), Date.now() - 1);
    expect(await sealer.open(name, sealed)).toBeUndefined();
    expect(await damages()).toEqual([]);
  });

  it.each([
    ["a short value", Buffer.from("answer")],
    ["a compressed value", Buffer.alloc(2000, "answer")],
  ])("is a miss when it is damaged anywhere: %s", async (_kind, value) => {
    const sealed = await sealer.seal(name, value, soon());
    const bits = [1, 2, 128, 255];
    for (let at = 0; at < sealed.length; at++) {
      const damaged = Buffer.from(sealed);
      damaged[at] = (damaged[at] ?? 0) ^ (bits[at % bits.length] ?? 1);
      expect(await sealer.open(name, damaged), `byte ${at}`).toBeUndefined();
      expect(await sealer.open(name, sealed.subarray(0, at)), `cut at ${at}`).toBeUndefined();
    }
    expect(await sealer.open(name, Buffer.concat([sealed, Buffer.from("x")]))).toBeUndefined();
    expect(await sealer.open(name, sealed)).toEqual(value);
  });

  it("is a miss under another name", async () => {
    const sealed = await sealer.seal(name, Buffer.from("x"), soon());
    expect(await sealer.open(`${name}d`, sealed)).toBeUndefined();
  });
});

describe("keys", () => {
  const value = Buffer.from("the answer");

  it("rotate: the first seals, all open", async () => {
    const old = await sealerWith(oneKey).sealer.seal(name, value, soon());
    const both = sealerWith(`${otherKey},${oneKey}`);
    expect(await both.sealer.open(name, old)).toEqual(value);
    const fresh = await both.sealer.seal(name, value, soon());
    expect(await sealerWith(otherKey).sealer.open(name, fresh)).toEqual(value);
    const left = sealerWith(oneKey);
    expect(await left.sealer.open(name, fresh)).toBeUndefined();
    expect(await left.damages()).toEqual(["unknown_key 1"]);
  });

  it("do not open what was not sealed, and nothing opens without them", async () => {
    const [plain, sealed] = [sealerWith(""), sealerWith(oneKey)];
    expect(await sealed.sealer.open(name, await plain.sealer.seal(name, value, soon()))).toBeUndefined();
    expect(await sealed.damages()).toEqual(["unsealed 1"]);
    expect(await plain.sealer.open(name, await sealed.sealer.seal(name, value, soon()))).toBeUndefined();
    expect(await plain.damages()).toEqual(["unknown_key 1"]);
  });

  it("seal the same value differently each time", async () => {
    const { sealer } = sealerWith(oneKey);
    const expires = soon();
    expect(await sealer.seal(name, value, expires)).not.toEqual(await sealer.seal(name, value, expires));
  });

  it("hide names", () => {
    const hide = (keys: string) =>
      new Keyring(loadConfig(CacheConfig, { CACHE_ENCRYPTION_KEY: keys })).hideName("alice");
    expect(hide(oneKey)).toMatch(/^[0-9a-f]{32}$/);
    expect(hide(oneKey)).toBe(hide(`${oneKey},${otherKey}`));
    expect(new Set([hide(oneKey), hide(otherKey), hide("")]).size).toBe(3);
  });
});
