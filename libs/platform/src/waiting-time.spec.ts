import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { afterWaiting } from "./waiting-time.js";

describe("afterWaiting", () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  it("calls back once, when the time is over", () => {
    const onTimeout = vi.fn();
    afterWaiting(250, onTimeout);
    vi.advanceTimersByTime(249);
    expect(onTimeout).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1000);
    expect(onTimeout).toHaveBeenCalledTimes(1);
  });

  it.each([0, 100, 249])("is stopped after %i ms for good", (after) => {
    const onTimeout = vi.fn();
    const stop = afterWaiting(250, onTimeout);
    vi.advanceTimersByTime(after);
    stop();
    vi.advanceTimersByTime(1000);
    expect(onTimeout).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("afterWaiting in a busy process", () => {
  it("does not count the time in which nothing could be heard", async () => {
    const onTimeout = vi.fn();
    const stop = afterWaiting(250, onTimeout);
    const until = performance.now() + 400;
    while (performance.now() < until);
    await sleep(1);
    expect(onTimeout).not.toHaveBeenCalled();
    stop();
  });
});
