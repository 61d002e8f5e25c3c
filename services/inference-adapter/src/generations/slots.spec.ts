import { getEventListeners } from "node:events";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { settle } from "./__fixtures__/scripted-runs.js";
import { type Place, Slots } from "./slots.js";
import type { Claim } from "./to-next-turn.js";

const never = new AbortController().signal;

/** A claim of a session of its own, or `session/conversation`. */
function claimOf(name: string): Claim {
  const [session = name] = name.split("/");
  return { session, prefix: name.replace(/ .*/, ""), promptTokens: 10_000 };
}

/** Takes places one after the other and notes in which order they come, and which place was had last. */
function takeAll(slots: Slots, names: string[], signal = never): Order {
  const order: Order = [];
  for (const name of names)
    void slots.take(claimOf(name), signal).then(
      (place) => {
        order.push(name);
        order.place = place;
        held.push(place);
      },
      (error: Error) => order.push(`${name}: ${error.message}`),
    );
  return order;
}

type Order = string[] & { place?: Place };

/** The places that are taken, in the order in which they were. */
let held: Place[] = [];
beforeEach(() => void (held = []));

function release(slots: Slots, isComingBack = false): void {
  const place = held.shift();
  if (place) slots.release(place, isComingBack);
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
      expect([...order]).toEqual(expected);
      release(slots);
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
    expect([...left]).toEqual(["b: gone"]);
    expect(slots.depth).toBe(1);
    release(slots);
    await settle();
    expect([...last]).toEqual(["c"]);
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
    expect(slots.isFullFor(claimOf("c"))).toBe(true);
    expect(() => slots.take(claimOf("d"), never)).toThrow(
      expect.objectContaining({
        type: "overloaded_error",
        message: "The queue is full: 2 requests are waiting",
        retryAfterSeconds: 10,
      }),
    );
    expect(slots.depth).toBe(2);
  });

  it("count those who wait while a free one is held, but for whom it is held", async () => {
    const slots = new Slots(1, 2);
    const order = takeAll(slots, ["a"]);
    await settle();
    release(slots, true);
    order.push(...takeAll(slots, ["b", "c", "d"]));
    await settle();
    expect({ depth: slots.depth, busy: slots.busy }).toEqual({ depth: 3, busy: 0 });
    expect(() => slots.take(claimOf("e"), never)).toThrow(/queue is full/);
    const back = takeAll(slots, ["a"]);
    await settle();
    expect([...back]).toEqual(["a"]);
  });

  it("without a queue refuse everybody who would wait", async () => {
    const slots = new Slots(1, 0);
    const order = takeAll(slots, ["a"]);
    await settle();
    expect(() => slots.take(claimOf("d"), never)).toThrow(/queue is full/);
    release(slots);
    expect(slots.isFullFor(claimOf("d"))).toBe(false);
    order.push(...takeAll(slots, ["b"]));
    await settle();
    expect({ order: [...order], busy: slots.busy }).toEqual({ order: ["a"], busy: 1 });
  });

  it("leave no listener on the signals", async () => {
    const slots = new Slots(1, 100);
    const { signal } = new AbortController();
    const order = takeAll(slots, ["a", "b", "c"], signal);
    for (let turn = 0; turn < 2; turn++) {
      await settle();
      release(slots);
    }
    await settle();
    expect([...order]).toEqual(["a", "b", "c"]);
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
  });
});

describe("the place with a loaded prefix", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
  afterEach(() => void vi.useRealTimers());

  const wait = async (ms: number) => {
    await vi.advanceTimersByTimeAsync(ms);
    await settle();
  };

  it("goes to its conversation first, then turns are taken", async () => {
    const slots = new Slots(1, 100);
    const order = takeAll(slots, ["a 1", "b 1", "c 1", "a 2", "a 3", "a 4", "a 5", "a 6"]);
    for (let turn = 0; turn < 8; turn++) {
      await settle();
      release(slots);
    }
    expect([...order]).toEqual(["a 1", "a 2", "a 3", "a 4", "a 5", "b 1", "c 1", "a 6"]);
  });

  it("is held for a conversation that is coming back", async () => {
    const slots = new Slots(1, 100);
    const order = takeAll(slots, ["a 1", "b 1"]);
    await settle();
    release(slots, true);
    await wait(1400);
    expect({ order: [...order], busy: slots.busy, depth: slots.depth }).toEqual({
      order: ["a 1"],
      busy: 0,
      depth: 1,
    });
    const back = takeAll(slots, ["a 2"]);
    await settle();
    expect([...back]).toEqual(["a 2"]);
  });

  it("is not held for longer than a lull", async () => {
    const slots = new Slots(1, 100);
    const order = takeAll(slots, ["a 1", "b 1"]);
    await settle();
    release(slots, true);
    await wait(1600);
    expect([...order]).toEqual(["a 1", "b 1"]);
  });

  it.each([
    [2, ["c"]],
    [4, ["e", "f"]],
    [5, ["f", "g", "h"]],
  ])("of %i is held at most half, those that went last", async (width, begun) => {
    const slots = new Slots(width, 100);
    const known = ["a", "b", "c", "d", "e"].slice(0, width);
    takeAll(slots, known);
    await settle();
    const places = [...held];
    for (const _ of known) {
      await wait(10);
      release(slots, true);
    }
    const order = takeAll(slots, ["c", "d", "e", "f", "g", "h", "i"].slice(width - 2, width + 2));
    await settle();
    expect([...order]).toEqual(begun);
    expect(held).toEqual(places.slice(0, begun.length));
    await wait(1600);
    expect(order).toHaveLength(Math.min(4, width));
  });

  it("is the one of several that a conversation gets", async () => {
    const slots = new Slots(2, 100);
    takeAll(slots, ["a 1", "b 1"]);
    await settle();
    const [first, second] = held;
    release(slots);
    release(slots);
    const b = takeAll(slots, ["b 2"]);
    const a = takeAll(slots, ["a 2"]);
    await settle();
    expect(a.place).toBe(first);
    expect(b.place).toBe(second);
  });
});

describe("work that nobody waits for", () => {
  it("gets a place only when one is idle, and loads another prefix into it", async () => {
    const slots = new Slots(1, 100);
    const idle = slots.takeIdle();
    expect(idle).toBeDefined();
    expect(slots.takeIdle()).toBeUndefined();
    const order = takeAll(slots, ["a", "b"]);
    await settle();
    expect([...order]).toEqual([]);
    if (idle) slots.release(idle);
    await settle();
    expect([...order]).toEqual(["a"]);
    expect(slots.takeIdle()).toBeUndefined();
  });
});
