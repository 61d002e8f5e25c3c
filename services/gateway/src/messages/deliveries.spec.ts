import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Deliveries } from "./deliveries.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const connection = {};
const mark = vi.fn(() => Promise.resolve());
beforeEach(() => void mark.mockClear());

describe("an answer that was sent whole", () => {
  it("has arrived when the same connection carries another request", async () => {
    const deliveries = new Deliveries();
    deliveries.noteSent(connection, "a", mark);
    expect(mark).not.toHaveBeenCalled();
    await deliveries.noteRequest(connection, "b");
    await deliveries.noteRequest(connection, "c");
    await vi.advanceTimersByTimeAsync(600_000);
    expect(mark).toHaveBeenCalledOnce();
  });

  it("may be lost for as long as a client retries on other connections", async () => {
    const deliveries = new Deliveries();
    deliveries.noteSent(connection, "a", mark);
    await deliveries.noteRequest({}, "a");
    await vi.advanceTimersByTimeAsync(187_000);
    expect(mark).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(mark).toHaveBeenCalledOnce();
  });

  it("is known to have arrived before the same question is looked up", async () => {
    const deliveries = new Deliveries();
    let isMarked = false;
    deliveries.noteSent(connection, "a", async () => {
      await Promise.resolve();
      isMarked = true;
    });
    await deliveries.noteRequest(connection, "a");
    expect(isMarked).toBe(true);
  });

  it("holds no other question up", async () => {
    const deliveries = new Deliveries();
    deliveries.noteSent(connection, "a", () => new Promise(() => {}));
    await deliveries.noteRequest(connection, "b");
  });
});
