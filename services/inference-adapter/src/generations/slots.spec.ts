import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { settle } from "./__fixtures__/scripted-runs.js";
import { Slots } from "./slots.js";

const never = new AbortController().signal;

/** Takes places one after the other and notes in which order they come. */
function takeAll(slots: Slots, names: string[], signal = never): string[] {
  const order: string[] = [];
  for (const name of names)
    void slots.take(signal).then(
      () => order.push(name),
      (error: Error) => order.push(`${name}: ${error.message}`),
    );
  return order;
}

describe("slots", () => {
  it.each([1, 2, 5])("%d wide: so many at once, the others wait", async (width) => {
    const slots = new Slots(width, 100);
    const order = takeAll(slots, ["a", "b", "c", "d", "e", "f"]);
    await settle();
    expect(order).toHaveLength(width);
    expect({ busy: slots.busy, depth: slots.depth }).toEqual({ busy: width, depth: 6 - width });
  });

  it("are given in order of arrival", async () => {
    const slots = new Slots(1, 100);
    const order = takeAll(slots, ["a", "b", "c"]);
    for (const expected of [["a"], ["a", "b"], ["a", "b", "c"]]) {
      await settle();
      expect(order).toEqual(expected);
      slots.release();
    }
    expect({ busy: slots.busy, depth: slots.depth }).toEqual({ busy: 0, depth: 0 });
  });

  it("pass over who has left the queue", async () => {
    const slots = new Slots(1, 100);
    const leaving = new AbortController();
    const order = takeAll(slots, ["a"]);
    const left = takeAll(slots, ["b"], leaving.signal);
    order.push(...takeAll(slots, []));
    const last = takeAll(slots, ["c"]);
    leaving.abort(new Error("gone"));
    await settle();
    expect(left).toEqual(["b: gone"]);
    expect(slots.depth).toBe(1);
    slots.release();
    await settle();
    expect(last).toEqual(["c"]);
  });

  it("are not given to who comes when he has left already", async () => {
    const slots = new Slots(1, 100);
    const order = takeAll(slots, ["a"], AbortSignal.abort(new Error("gone")));
    await settle();
    expect(order).toEqual(["a: gone"]);
    expect(slots.busy).toBe(0);
  });

  it("refuse at once who finds the queue full", () => {
    const slots = new Slots(1, 2);
    takeAll(slots, ["a", "b", "c"]);
    expect(slots.isFull).toBe(true);
    expect(() => slots.take(never)).toThrow(
      expect.objectContaining({
        type: "overloaded_error",
        message: "The queue is full: 2 requests are waiting",
        retryAfterSeconds: 10,
      }),
    );
    expect(slots.depth).toBe(2);
  });

  it("without a queue refuse everybody who would wait", async () => {
    const slots = new Slots(1, 0);
    const order = takeAll(slots, ["a"]);
    expect(() => slots.take(never)).toThrow(/queue is full/);
    slots.release();
    expect(slots.isFull).toBe(false);
    order.push(...takeAll(slots, ["b"]));
    await settle();
    expect({ order, busy: slots.busy }).toEqual({ order: ["a"], busy: 1 });
  });

  it("leave no listener on the signals", async () => {
    const slots = new Slots(1, 100);
    const { signal } = new AbortController();
    const order = takeAll(slots, ["a", "b", "c"], signal);
    slots.release();
    slots.release();
    await settle();
    expect(order).toEqual(["a", "b", "c"]);
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
  });
});
