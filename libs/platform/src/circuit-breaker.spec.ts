import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { CircuitBreaker, CircuitOpenError } from "./circuit-breaker.js";

const fail = () => Promise.reject(new Error("no answer"));
const answer = () => Promise.resolve("answer");

describe("CircuitBreaker", () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  async function opened(options = {}) {
    const breaker = new CircuitBreaker({ failuresUntilOpen: 3, retryAfterMs: 1000, ...options });
    for (let count = 0; count < 3; count++) await expect(breaker.execute(fail)).rejects.toThrow("no answer");
    return breaker;
  }

  it("opens at the third failure in a row, and not at three with an answer between", async () => {
    const breaker = new CircuitBreaker({ failuresUntilOpen: 3, retryAfterMs: 1000 });
    for (const work of [fail, fail, answer, fail, fail]) await breaker.execute(work).catch(() => {});
    expect(breaker.isClosed).toBe(true);
    await breaker.execute(fail).catch(() => {});
    expect(breaker.isClosed).toBe(false);
  });

  it("asks nothing while it is open", async () => {
    const breaker = await opened();
    const work = vi.fn(answer);
    vi.advanceTimersByTime(999);
    await expect(breaker.execute(work)).rejects.toThrow(CircuitOpenError);
    expect(work).not.toHaveBeenCalled();
  });

  it("lets one call through after a second, and fails the others at once until it has answered", async () => {
    const breaker = await opened();
    vi.advanceTimersByTime(1000);
    const { promise, resolve } = Promise.withResolvers<string>();
    const trial = breaker.execute(() => promise);
    await expect(breaker.execute(answer)).rejects.toThrow(CircuitOpenError);
    resolve("here again");
    expect(await trial).toBe("here again");
    expect(await breaker.execute(answer)).toBe("answer");
  });

  it("stays open for another second when the trial fails", async () => {
    const breaker = await opened();
    vi.advanceTimersByTime(1000);
    await expect(breaker.execute(fail)).rejects.toThrow("no answer");
    vi.advanceTimersByTime(999);
    await expect(breaker.execute(answer)).rejects.toThrow(CircuitOpenError);
    vi.advanceTimersByTime(1);
    expect(await breaker.execute(answer)).toBe("answer");
  });

  it.each([-3_600_000, 3_600_000])("is tried again in time though the clock steps by %i ms", async (step) => {
    vi.setSystemTime(Date.now() - step);
    const breaker = await opened();
    vi.setSystemTime(Date.now() + step);
    await expect(breaker.execute(answer)).rejects.toThrow(CircuitOpenError);
    vi.advanceTimersByTime(1000);
    expect(await breaker.execute(answer)).toBe("answer");
  });

  it("takes an error that is no failure for an answer", async () => {
    const breaker = new CircuitBreaker({
      failuresUntilOpen: 1,
      retryAfterMs: 1000,
      isFailure: (error) => error instanceof TypeError,
    });
    await expect(breaker.execute(fail)).rejects.toThrow("no answer");
    expect(breaker.isClosed).toBe(true);
  });

  it("tells once that it opened and why, and once that it closed", async () => {
    const [onOpen, onClose] = [vi.fn(), vi.fn()];
    const breaker = await opened({ onOpen, onClose });
    vi.advanceTimersByTime(1000);
    await breaker.execute(fail).catch(() => {});
    vi.advanceTimersByTime(1000);
    await breaker.execute(answer);
    await breaker.execute(answer);
    expect(onOpen.mock.calls).toEqual([[new Error("no answer")]]);
    expect(onClose).toHaveBeenCalledTimes(1);
  });
});
