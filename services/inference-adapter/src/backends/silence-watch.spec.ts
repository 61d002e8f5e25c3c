import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { SilenceWatch } from "./silence-watch.js";

beforeEach(
  () =>
    void vi.useFakeTimers({
      toFake: ["setInterval", "clearInterval", "setTimeout", "clearTimeout", "performance"],
    }),
);
afterEach(() => void vi.useRealTimers());

const answering = () => Promise.resolve();
const failing = () => Promise.reject(new Error("refused"));

function watchWith(probe: () => Promise<void>, limitMs = 60_000, probeIntervalMs = 10_000) {
  const probes = vi.fn(probe);
  return { probes, watch: new SilenceWatch({ limitMs, probeIntervalMs, probe: probes }) };
}

/** Lets seconds pass until it fires, and says after how many it did. */
async function secondsUntilFired({ signal }: SilenceWatch, atMost = 1000): Promise<number | undefined> {
  for (let seconds = 1; seconds <= atMost; seconds++) {
    await vi.advanceTimersByTimeAsync(1000);
    if (signal.aborted) return seconds;
  }
  return undefined;
}

describe("a silent backend", () => {
  it("that answers its probes is given up at the limit", async () => {
    const { watch, probes } = watchWith(answering);
    expect(await secondsUntilFired(watch)).toBe(60);
    expect(watch.signal.reason).toMatchObject({
      type: "timeout_error",
      message: "the backend sent nothing for 60 s",
    });
    expect(probes.mock.calls.length).toBe(5);
  });

  it("is heard of first where this process stood still for longer than the limit", async () => {
    const { watch } = watchWith(answering);
    vi.advanceTimersByTime(61_000);
    watch.heard(60_000);
    await new Promise(setImmediate);
    expect(watch.signal.aborted).toBe(false);
    expect(await secondsUntilFired(watch)).toBe(60);
  });

  it("that fails two probes is given up then", async () => {
    const { watch, probes } = watchWith(failing, 600_000);
    expect(await secondsUntilFired(watch)).toBeLessThanOrEqual(22);
    expect(watch.signal.reason).toMatchObject({
      type: "timeout_error",
      message: "the backend has stopped answering",
    });
    expect(probes.mock.calls.length).toBe(2);
  });

  it("that fails every other probe only is waited for", async () => {
    let count = 0;
    const { watch } = watchWith(() => (count++ % 2 === 0 ? failing() : answering()), 300_000);
    expect(await secondsUntilFired(watch)).toBe(300);
  });

  it("is not probed a second time while a probe hangs, and the limit still holds", async () => {
    const { watch, probes } = watchWith(() => new Promise(() => {}));
    expect(await secondsUntilFired(watch)).toBe(60);
    expect(probes.mock.calls.length).toBe(1);
  });

  it("is noticed quickly when the limits are short", async () => {
    const { watch } = watchWith(answering, 100, 1000);
    await vi.advanceTimersByTimeAsync(150);
    expect(watch.signal.aborted).toBe(true);
  });
});

describe("a backend that is heard", () => {
  it("begins its silence anew, with the new limit", async () => {
    const { watch } = watchWith(answering, 60_000);
    await vi.advanceTimersByTimeAsync(59_000);
    watch.heard(30_000);
    expect(await secondsUntilFired(watch)).toBe(30);
  });

  it("is never given up while it goes on", async () => {
    const { watch, probes } = watchWith(failing, 5000, 5000);
    for (let seconds = 0; seconds < 100; seconds += 2) {
      await vi.advanceTimersByTimeAsync(2000);
      watch.heard(5000);
    }
    expect(watch.signal.aborted).toBe(false);
    expect(probes).not.toHaveBeenCalled();
  });

  it("has its failed probes forgotten", async () => {
    const { watch, probes } = watchWith(failing, 600_000);
    await vi.advanceTimersByTimeAsync(11_000);
    expect(probes.mock.calls.length).toBe(1);
    watch.heard(600_000);
    await vi.advanceTimersByTimeAsync(11_000);
    expect(probes.mock.calls.length).toBe(2);
    expect(watch.signal.aborted).toBe(false);
  });
});

describe("a stopped watch", () => {
  it("never fires, and leaves no timer", async () => {
    const { watch } = watchWith(answering);
    watch.stop();
    expect(vi.getTimerCount()).toBe(0);
    expect(await secondsUntilFired(watch, 100)).toBeUndefined();
  });

  it("does not fire for a probe that fails afterwards", async () => {
    const failures: ((error: Error) => void)[] = [];
    const { watch } = watchWith(() => new Promise((_resolve, reject) => failures.push(reject)));
    await vi.advanceTimersByTimeAsync(10_000);
    failures[0]?.(new Error("first"));
    await vi.advanceTimersByTimeAsync(11_000);
    watch.stop();
    failures[1]?.(new Error("second"));
    await vi.advanceTimersByTimeAsync(1000);
    expect(failures.length).toBe(2);
    expect(watch.signal.aborted).toBe(false);
  });

  it("has no timer left once it has fired", async () => {
    const { watch } = watchWith(answering, 1000);
    await vi.advanceTimersByTimeAsync(1500);
    expect(watch.signal.aborted).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });
});
