import { describe, expect, it } from "vitest";
import { type CacheHeaders, type CachePolicy, type CacheSettings, isCacheable } from "./is-cacheable.js";

const settings: CacheSettings = { ttlSeconds: 86_400, maxTtlSeconds: 604_800, cacheSampled: true };
const full: CachePolicy = {
  isRead: true,
  isStored: true,
  isShared: true,
  isDebug: false,
  onlyIfCached: false,
  maxAgeSeconds: Infinity,
  ttlSeconds: 86_400,
};
const off = { isRead: false, isStored: false };
const own = { ...off, isShared: false };

const policy = (headers: CacheHeaders, changed: Partial<CacheSettings> = {}, temperature?: number) =>
  isCacheable({ model: "m", messages: [], temperature }, headers, { ...settings, ...changed });

describe("isCacheable", () => {
  it.each<[string, string | undefined, Partial<CachePolicy>]>([
    ["no header", undefined, {}],
    ["an empty header", "", {}],
    ["no-cache", "no-cache", { isRead: false, isShared: false }],
    ["no-cache in capitals", "No-Cache", { isRead: false, isShared: false }],
    ["no-store", "no-store", own],
    ["both", "no-cache, no-store", own],
    ["both without a space", "no-store,no-cache", own],
    ["only-if-cached", "only-if-cached", { onlyIfCached: true }],
    ["max-age", "max-age=60", { maxAgeSeconds: 60 }],
    ["max-age in capitals", "Max-Age=60", { maxAgeSeconds: 60 }],
    ["max-age of nothing", "max-age=0", { maxAgeSeconds: 0 }],
    ["max-age in quotes", 'max-age="0", only-if-cached', { maxAgeSeconds: 0, onlyIfCached: true }],
    ["max-age with half of its quotes", 'max-age="0', {}],
    ["several", "max-age=5, only-if-cached", { maxAgeSeconds: 5, onlyIfCached: true }],
    ["a negative max-age", "max-age=-1", {}],
    ["a max-age that is no number", "max-age=soon", {}],
    ["a max-age without a value", "max-age", {}],
    ["a fraction", "max-age=1.5", {}],
    ["an endless number", `max-age=${"9".repeat(400)}`, {}],
    ["unknown directives", "private, max-stale=3, must-revalidate", {}],
    ["garbage", ",,=;\u0000, =5, no-cache-ish, xno-store", {}],
    ["a directive of the object's own words", "__proto__=1, constructor", {}],
  ])("reads cache-control: %s", (_name, header, expected) =>
    expect(policy({ "cache-control": header })).toEqual({ ...full, ...expected }),
  );

  it.each<[string, string | undefined, Partial<CacheSettings>, Partial<CachePolicy>]>([
    ["a shorter time", "60", {}, { ttlSeconds: 60 }],
    ["a longer time", "100000", {}, { ttlSeconds: 100_000 }],
    ["more than allowed", "9999999", {}, { ttlSeconds: 604_800 }],
    ["much more than allowed", "9".repeat(20), {}, { ttlSeconds: 604_800 }],
    ["more than a number holds", "9".repeat(400), {}, { ttlSeconds: 604_800 }],
    ["nothing", "0", {}, { ...off, ttlSeconds: 0 }],
    ["the default where it is above the most", undefined, { maxTtlSeconds: 60 }, { ttlSeconds: 60 }],
    ["a time where the cache is off", "60", { ttlSeconds: 0 }, { ...off, ttlSeconds: 0 }],
    ["garbage where the cache is off", "soon", { ttlSeconds: 0 }, { ...off, ttlSeconds: 0 }],
    ["nothing where the cache is off", undefined, { ttlSeconds: 0 }, { ...off, ttlSeconds: 0 }],
  ])("reads x-cache-ttl: %s", (_name, header, changed, expected) =>
    expect(policy({ "x-cache-ttl": header }, changed)).toEqual({ ...full, ...expected }),
  );

  it.each(["soon", "-1", "1.5", "", " ", "1e3", "0x10", "60, 60", '"60"'])(
    "refuses an x-cache-ttl of %j",
    (header) => expect(() => policy({ "x-cache-ttl": header })).toThrow("x-cache-ttl: Input should be"),
  );

  it.each<[string, number | undefined, boolean, Partial<CachePolicy>]>([
    ["no temperature", undefined, false, {}],
    ["temperature 0", 0, false, {}],
    ["a temperature", 0.7, false, own],
    ["a temperature where samples are cached", 0.7, true, {}],
  ])("with CACHE_SAMPLED: %s", (_name, temperature, cacheSampled, expected) =>
    expect(policy({}, { cacheSampled }, temperature)).toEqual({ ...full, ...expected }),
  );
});

describe("a request that names what it brings along by a URL", () => {
  const image = {
    type: "image" as const,
    source: { type: "url" as const, url: "https://example.com/a.png" },
  };
  it("is neither read nor stored, but may share a generation in flight", () => {
    const messages = [{ role: "user" as const, content: [image] }];
    expect(isCacheable({ model: "m", messages }, {}, settings)).toEqual({ ...full, ...off });
  });
});
