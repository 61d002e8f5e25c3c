import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { collect } from "#anthropic/__fixtures__/collect.js";
import { Handover } from "./handover.js";

const never = new AbortController().signal;

function of(...items: number[]): Handover<number> {
  const handover = new Handover<number>();
  for (const item of items) handover.add(item);
  return handover;
}

describe("Handover", () => {
  it("gives what came before the reader and what comes while he reads, in order", async () => {
    const handover = of(1, 2);
    const reading = collect(handover.read(never));
    handover.add(3);
    await sleep(1);
    handover.add(4);
    handover.add(5);
    await sleep(1);
    handover.add(6);
    handover.finish();
    expect(await reading).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it("gives what is added between two reads", async () => {
    const handover = of(1);
    const items = handover.read(never);
    expect((await items.next()).value).toBe(1);
    handover.add(2);
    handover.finish();
    expect((await items.next()).value).toBe(2);
    expect((await items.next()).done).toBe(true);
  });

  it("throws its error behind the items", async () => {
    const handover = of(1, 2);
    handover.finish(new Error("broken"));
    handover.finish();
    const seen: number[] = [];
    await expect(async () => {
      for await (const item of handover.read(never)) seen.push(item);
    }).rejects.toThrow("broken");
    expect(seen).toEqual([1, 2]);
  });

  it.each(["while he waits", "between two items"])("throws the signal's reason: %s", async (when) => {
    const leaving = new AbortController();
    const handover = when === "while he waits" ? of(1) : of(1, 2);
    const items = handover.read(leaving.signal);
    await items.next();
    const next = when === "while he waits" ? items.next() : undefined;
    await sleep(1);
    leaving.abort(new Error("left"));
    await expect(next ?? items.next()).rejects.toThrow("left");
  });

  it("keeps nothing once the reader has left", async () => {
    const handover = of(1, 2);
    for await (const item of handover.read(never)) if (item === 1) break;
    handover.add(3);
    handover.finish();
    expect(await collect(handover.read(never))).toEqual([]);
  });
});
