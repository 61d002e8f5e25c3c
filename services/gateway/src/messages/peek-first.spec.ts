import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { collect } from "#anthropic/__fixtures__/collect.js";
import { peekFirst } from "./peek-first.js";

const plenty = 10_000;

/** Yields 1 and 2; tells whether it was closed. */
function source({ delayMs = 0, failsAt = 0 } = {}) {
  const state = { isClosed: false };
  async function* items() {
    try {
      for (const item of [1, 2]) {
        await sleep(delayMs);
        if (failsAt === item) throw new Error(`failed at ${item}`);
        yield item;
      }
    } finally {
      state.isClosed = true;
    }
  }
  return { items: items(), state };
}

describe("peekFirst", () => {
  it("gives every item of a source that begins in time", async () => {
    const { isLate, items } = await peekFirst(source().items, plenty);
    expect(isLate).toBe(false);
    expect(await collect(items)).toEqual([1, 2]);
  });

  it("throws when the source fails before its first item", async () => {
    await expect(peekFirst(source({ failsAt: 1 }).items, plenty)).rejects.toThrow("failed at 1");
  });

  it("leaves a later failure in the items", async () => {
    const { items } = await peekFirst(source({ failsAt: 2 }).items, plenty);
    expect((await items.next()).value).toBe(1);
    await expect(items.next()).rejects.toThrow("failed at 2");
  });

  it("does not wait for a late source, and loses nothing of it", async () => {
    const startedAt = performance.now();
    const { isLate, items } = await peekFirst(source({ delayMs: 2000 }).items, 20);
    expect(isLate).toBe(true);
    expect(performance.now() - startedAt).toBeLessThan(1900);
    expect(await collect(items)).toEqual([1, 2]);
  });

  it("gives a late source's failure to whoever reads, and to nobody else", async () => {
    const { isLate, items } = await peekFirst(source({ delayMs: 50, failsAt: 1 }).items, 5);
    expect(isLate).toBe(true);
    await sleep(100); // an unhandled rejection would fail the run here
    await expect(items.next()).rejects.toThrow("failed at 1");
  });

  it("takes an empty source for one that has begun", async () => {
    const { isLate, items } = await peekFirst(empty(), plenty);
    expect(isLate).toBe(false);
    expect(await collect(items)).toEqual([]);
  });

  it("closes the source when it is closed itself", async () => {
    const { items: numbers, state } = source();
    const { items } = await peekFirst(numbers, plenty);
    for await (const item of items) {
      expect(item).toBe(1);
      break;
    }
    expect(state.isClosed).toBe(true);
  });
});

async function* empty(): AsyncGenerator<number> {}
