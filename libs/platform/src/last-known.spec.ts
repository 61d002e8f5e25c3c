import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { LastKnown } from "./last-known.js";

const never = new Promise<string>(() => {});

describe("LastKnown", () => {
  const ask = vi.fn<() => Promise<string>>();
  const onFailure = vi.fn<(error: Error) => void>();
  let known: LastKnown<string>;

  beforeEach(() => {
    // Waiting is by real timers: those of node:timers/promises are not faked.
    vi.useFakeTimers();
    ask.mockReset().mockResolvedValue("first");
    onFailure.mockReset();
    known = new LastKnown(ask, onFailure);
  });
  afterEach(() => void vi.useRealTimers());

  it("asks once for all who want it at the same time", async () => {
    expect(await Promise.all([known.get(), known.get()])).toEqual(["first", "first"]);
    expect(ask).toHaveBeenCalledTimes(1);
  });

  it("asks again when it is five seconds old", async () => {
    await known.get();
    ask.mockResolvedValue("second");
    vi.advanceTimersByTime(4900);
    expect([known.fresh, await known.get()]).toEqual(["first", "first"]);
    vi.advanceTimersByTime(200);
    expect([known.fresh, known.value]).toEqual([undefined, "first"]);
    expect(await known.get()).toBe("second");
  });

  it("gives the last answer where none comes, and says why", async () => {
    await known.get();
    ask.mockRejectedValue(new Error("gone"));
    vi.advanceTimersByTime(5100);
    expect(await known.get()).toBe("first");
    expect(onFailure).toHaveBeenCalledExactlyOnceWith(new Error("gone"));
  });

  it("waits for half a second, and takes what comes later", async () => {
    await known.get();
    const late = Promise.withResolvers<string>();
    ask.mockReturnValue(late.promise);
    vi.advanceTimersByTime(5100);
    expect(await known.get()).toBe("first");
    late.resolve("late");
    await vi.waitFor(() => expect(known.value).toBe("late"));
  });

  it("fails where nothing was ever known, and recalls what was told before", async () => {
    ask.mockRejectedValue(new Error("gone"));
    await expect(known.get()).rejects.toThrow("gone");
    expect(known.recall("earlier")).toBe("earlier");
    expect([known.fresh, await known.get()]).toEqual([undefined, "earlier"]);
    ask.mockResolvedValue("now");
    expect(await known.refresh()).toBe("now");
    expect(known.recall("earlier")).toBe("now");
  });

  it("looks again at what is not yet told", async () => {
    const before = Promise.withResolvers<string>();
    ask.mockReturnValueOnce(before.promise).mockResolvedValue("after");
    const got = known.get();
    const looked = known.lookAgain();
    before.resolve("before");
    expect(await got).toBe("before");
    await looked;
    expect(known.value).toBe("after");
    ask.mockReturnValue(never);
    await known.lookAgain();
  });
});
