import { EventEmitter } from "node:events";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Deliveries } from "./deliveries.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

let connection: EventEmitter;
beforeEach(() => void (connection = new EventEmitter()));
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

  it("is in doubt until one of the connections that it was sent on shows it", async () => {
    const deliveries = new Deliveries();
    expect([deliveries.isUnproved("a"), deliveries.isUnproved(undefined)]).toEqual([false, false]);
    deliveries.noteSent(connection, "a", mark);
    deliveries.noteSent(new EventEmitter(), "a", mark);
    expect(deliveries.isUnproved("a")).toBe(true);
    await deliveries.noteRequest(connection, "b");
    expect(deliveries.isUnproved("a")).toBe(false);
  });

  it("may be lost for as long as a client retries on other connections", async () => {
    const deliveries = new Deliveries();
    deliveries.noteSent(connection, "a", mark);
    await deliveries.noteRequest(new EventEmitter(), "a");
    await vi.advanceTimersByTimeAsync(187_000);
    expect(mark).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(mark).toHaveBeenCalledOnce();
  });

  it("has arrived when its client hangs up at once, and not when the connection ends later", async () => {
    const deliveries = new Deliveries();
    deliveries.noteSent(connection, "a", mark);
    await vi.advanceTimersByTimeAsync(500);
    connection.emit("close");
    expect(mark).toHaveBeenCalledOnce();
    const other = new EventEmitter();
    deliveries.noteSent(other, "b", mark);
    await vi.advanceTimersByTimeAsync(15_000);
    other.emit("close");
    expect(mark).toHaveBeenCalledOnce();
  });

  it("leaves nothing on a connection that carries many", async () => {
    const deliveries = new Deliveries();
    for (let n = 0; n < 20; n++) {
      deliveries.noteSent(connection, `${n}`, mark);
      await deliveries.noteRequest(connection, "next");
    }
    expect(connection.listenerCount("close")).toBe(0);
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
