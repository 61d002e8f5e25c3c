import { Registry } from "prom-client";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { CopyTerms } from "#service-contracts/near-copies.js";
import type { StoredEntry } from "#service-contracts/stored-entry.js";
import { GatewayConfig } from "../gateway.config.js";
import { NearTier } from "./near-tier.js";

const entry = { version: 1, servedModel: "m" } as StoredEntry;
const terms = (changed: Partial<CopyTerms> = {}): CopyTerms => ({
  instance: "one",
  remaining_ms: 60_000,
  bytes: 1000,
  given: [],
  ...changed,
});

let near: NearTier;
const start = (megabytes = 1) => {
  near = new NearTier(
    Object.assign(new GatewayConfig(), { CACHE_NEAR_MEMORY_MB: megabytes }),
    new Registry(),
  );
  near.beginFollowing("one");
};
const keep = (key: string, changed: Partial<CopyTerms> = {}) =>
  near.keep(key, entry, terms(changed), near.changes);

beforeEach(() => {
  vi.useFakeTimers();
  start();
});
afterEach(() => vi.useRealTimers());

describe("NearTier", () => {
  it("gives what it keeps until its time", () => {
    keep("a");
    keep("c");
    expect(near.find("a")).toBe(entry);
    expect(near.find("b")).toBeUndefined();
    for (let second = 0; second < 61; second++) {
      vi.advanceTimersByTime(1000);
      near.heard();
    }
    expect(near.size.entries).toBe(0);
    expect(near.find("a")).toBeUndefined();
  });

  it("does not look for what has expired each time that it is asked for its size", () => {
    expect(near.size.entries).toBe(0);
    keep("a", { remaining_ms: 1000 });
    vi.advanceTimersByTime(9000);
    expect(near.size.entries).toBe(1);
    vi.advanceTimersByTime(1000);
    expect(near.size.entries).toBe(0);
  });

  it("gives nothing after two seconds of silence, and again when it has heard", () => {
    keep("a");
    vi.advanceTimersByTime(1999);
    expect([near.isFollowing, near.find("a")]).toEqual([true, entry]);
    vi.advanceTimersByTime(2);
    expect([near.isFollowing, near.find("a")]).toEqual([false, undefined]);
    near.heard();
    expect(near.find("a")).toBe(entry);
  });

  it("gives and keeps nothing while nobody is listened to", () => {
    keep("a");
    near.endFollowing();
    expect(near.find("a")).toBeUndefined();
    keep("b");
    near.beginFollowing("one");
    expect([near.find("a"), near.find("b")]).toEqual([undefined, undefined]);
  });

  it("keeps nothing of another cache service than the one that is listened to", () => {
    keep("a", { instance: "two" });
    expect(near.find("a")).toBeUndefined();
  });

  it.each<[string, () => void]>([
    ["it changed", () => near.letGo(["a"])],
    ["something changed", () => near.letGo(["b"])],
    ["all changed", () => near.letGoOfAll()],
    ["another life of the cache service began", () => near.beginFollowing("one")],
  ])("keeps nothing that was asked for before %s", (_name, change) => {
    const { changes } = near;
    change();
    near.keep("a", entry, terms(), changes);
    expect(near.find("a")).toBeUndefined();
  });

  it("lets go of what is named, or of all", () => {
    for (const key of ["a", "b", "c"]) keep(key);
    near.letGo(["a"]);
    expect(["a", "b", "c"].map((key) => near.find(key) !== undefined)).toEqual([false, true, true]);
    near.letGoOfAll();
    expect(near.find("b")).toBeUndefined();
  });

  it("is bounded by bytes: what was not used goes first", () => {
    for (let number = 0; number < 400; number++) {
      keep(String(number), { bytes: 10_000 });
      near.find("0");
    }
    const { entries, bytes } = near.size;
    expect(entries).toBeGreaterThan(10);
    expect(bytes).toBeLessThanOrEqual(1024 * 1024);
    expect(near.find("0")).toBe(entry);
    expect(near.find("1")).toBeUndefined();
  });

  it("knows who was given what, of the copies and of those that were told", () => {
    keep("a", { given: [["early", 10]] });
    near.noteGiven("late");
    expect(["early", "late", "never"].map((hash) => near.wasGiven(hash))).toEqual([true, true, false]);
    vi.advanceTimersByTime(10_001);
    expect(["early", "late"].map((hash) => near.wasGiven(hash))).toEqual([false, true]);
  });

  it("lets go of the copies when it cannot remember all who had them", () => {
    keep("a");
    for (let count = 0; count < 250_000; count++) near.noteGiven(`x${count}`);
    expect(near.find("a")).toBe(entry);
    for (let count = 0; count < 200_000; count++) near.noteGiven(`y${count}`);
    expect(near.find("a")).toBeUndefined();
    expect(near.isFollowing).toBe(false);
    vi.advanceTimersByTime(60_001);
    near.heard();
    expect(near.find("a")).toBeUndefined();
    keep("b");
    expect(near.find("b")).toBe(entry);
  });

  it("keeps nothing with 0 MB, and still knows what it gave", () => {
    start(0);
    keep("a");
    near.noteGiven("h");
    expect([near.isOn, near.find("a"), near.size.entries]).toEqual([false, undefined, 0]);
    expect(near.wasGiven("h")).toBe(true);
  });
});
