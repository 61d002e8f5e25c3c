import { getEventListeners } from "node:events";
import { describe, expect, it, vi } from "vitest";
import { collect } from "#anthropic/__fixtures__/collect.js";
import { ApiError } from "#anthropic/errors.js";
import type { MessageStreamEvent } from "#anthropic/events.js";
import { messageToEvents } from "#anthropic/message-to-events.js";
import { numbered, numbersOf, settle } from "./__fixtures__/scripted-runs.js";
import { Generation } from "./generation.js";

const never = new AbortController().signal;
const start = (onLeave: (generation: Generation) => void = () => {}) => new Generation("key", onLeave);
const readAll = async (generation: Generation, signal = never) =>
  numbersOf(await collect(generation.subscribe(signal).events));

describe("a generation", () => {
  it("tells everybody every event from the first, however late he comes", async () => {
    const generation = start();
    const early = readAll(generation);
    generation.add(numbered(0));
    await settle();
    const inBetween = readAll(generation);
    generation.add(numbered(1));
    generation.finish();
    const late = readAll(generation);
    expect(await Promise.all([early, inBetween, late])).toEqual([
      [0, 1],
      [0, 1],
      [0, 1],
    ]);
  });

  it("tells a whole message as it was told, all kinds of blocks", async () => {
    const generation = start();
    const events: MessageStreamEvent[] = [
      ...messageToEvents({
        id: "msg_1",
        type: "message",
        role: "assistant",
        model: "m",
        content: [
          { type: "thinking", thinking: "Hm.", signature: "s" },
          { type: "text", text: "One." },
          { type: "tool_use", id: "toolu_1", name: "Read", input: { path: "a" } },
          { type: "text", text: "Two." },
        ],
        stop_reason: "end_turn",
        stop_sequence: null,
        usage: { input_tokens: 3, output_tokens: 5 },
      }),
    ];
    for (const event of events) generation.add(event);
    // A delta out of place is told as it is, too.
    const odd: MessageStreamEvent = {
      type: "content_block_delta",
      index: 0,
      delta: { type: "text_delta", text: "odd" },
    };
    generation.add(odd);
    generation.finish();
    expect(await collect(generation.subscribe(never).events)).toEqual([...events, odd]);
  });

  it("a slow reader does not hold another back", async () => {
    const generation = start();
    const slow = generation.subscribe(never).events;
    for (let index = 0; index < 100; index++) generation.add(numbered(index));
    expect((await slow.next()).value).toEqual(numbered(0));
    generation.finish();
    expect(await readAll(generation)).toHaveLength(100);
    expect(await collect(slow)).toHaveLength(99);
  });

  it("goes on for the others when one has left", async () => {
    const generation = start();
    const leaving = new AbortController();
    const left = readAll(generation, leaving.signal);
    const staying = readAll(generation);
    generation.add(numbered(0));
    await settle();
    leaving.abort(new Error("gone"));
    await expect(left).rejects.toThrow("gone");
    generation.add(numbered(1));
    generation.finish();
    expect(await staying).toEqual([0, 1]);
    expect(generation.abort.signal.aborted).toBe(false);
  });

  it("that fails fails for all, after what came before, for late ones too", async () => {
    const generation = start();
    const reader = generation.subscribe(never).events;
    generation.add(numbered(0));
    generation.finish(new ApiError("api_error", "broken"));
    expect((await reader.next()).value).toEqual(numbered(0));
    await expect(reader.next()).rejects.toThrow("broken");
    await expect(readAll(generation)).rejects.toThrow("broken");
    expect(generation).toMatchObject({ state: "failed", isFinished: true });
  });

  it("knows in which state it is", () => {
    const generation = start();
    expect(generation.state).toBe("queued");
    generation.finish();
    expect(generation).toMatchObject({ state: "done", isFinished: true });
  });
});

describe("the clients of a generation", () => {
  it("count from their subscription on, each once", async () => {
    const onLeave = vi.fn();
    const generation = start(onLeave);
    const leaving = new AbortController();
    const subscription = generation.subscribe(leaving.signal);
    generation.subscribe(never);
    expect(generation.clients).toBe(2);
    subscription.detach();
    subscription.detach();
    leaving.abort();
    expect(generation).toMatchObject({ clients: 1, isDeserted: false });
    expect(onLeave).toHaveBeenCalledExactlyOnceWith(generation);
  });

  it("that have left before they subscribed do not count", () => {
    const onLeave = vi.fn();
    const generation = start(onLeave);
    generation.subscribe(AbortSignal.abort());
    expect(generation).toMatchObject({ clients: 0, isDeserted: true });
    expect(onLeave).toHaveBeenCalledOnce();
  });

  it("leave by reading to the end or by closing what they read", async () => {
    const generation = start();
    const closing = generation.subscribe(never).events;
    generation.add(numbered(0));
    await closing.next();
    await closing.return(undefined);
    expect(generation.clients).toBe(0);
    generation.finish();
    await readAll(generation);
    expect(generation.clients).toBe(0);
  });

  it("that only record go on reading", async () => {
    const generation = start();
    const { events, detach } = generation.subscribe(never);
    detach();
    generation.add(numbered(0));
    generation.finish();
    expect(numbersOf(await collect(events))).toEqual([0]);
    expect(generation.clients).toBe(0);
  });

  it("may all leave and come back", () => {
    const generation = start();
    expect(generation.isDeserted).toBe(false);
    generation.subscribe(never).detach();
    expect(generation.isDeserted).toBe(true);
    generation.isGivenUp = true;
    generation.subscribe(never);
    expect(generation).toMatchObject({ isDeserted: false, isGivenUp: false });
  });

  it("leave no listener on a signal that lives on", async () => {
    const generation = start();
    const { signal } = new AbortController();
    const readers = [1, 2, 3].map(() => readAll(generation, signal));
    await settle();
    generation.finish();
    await Promise.all(readers);
    generation.subscribe(signal).detach();
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
  });
});
