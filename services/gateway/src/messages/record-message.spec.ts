import { describe, expect, it } from "vitest";
import { ApiError } from "#anthropic/errors.js";
import type { BlockDelta, MessageStreamEvent } from "#anthropic/events.js";
import { messageToEvents } from "#anthropic/message-to-events.js";
import type { Message } from "#anthropic/messages.js";
import { type Recording, recordMessage } from "./record-message.js";

const message: Message = {
  id: "msg_1",
  type: "message",
  role: "assistant",
  model: "m",
  content: [
    { type: "text", text: "Hi." },
    { type: "tool_use", id: "toolu_1", name: "Read", input: { path: "a" } },
  ],
  stop_reason: "tool_use",
  stop_sequence: null,
  usage: { input_tokens: 3, output_tokens: 5 },
};
const timings = { load_seconds: 0, prefill_seconds: 1, decode_seconds: 2 };
const events: MessageStreamEvent[] = [...messageToEvents(message)].map((event) =>
  event.type === "message_stop" ? { ...event, timings } : event,
);

async function* stream(
  items: MessageStreamEvent[],
  error?: unknown,
  onClose?: () => void,
): AsyncGenerator<MessageStreamEvent> {
  try {
    yield* items;
    if (error) throw error;
  } finally {
    onClose?.();
  }
}

async function record(source: AsyncIterable<MessageStreamEvent>, signal = new AbortController().signal) {
  const recordings: Recording[] = [];
  const untoldAt: number[] = [];
  const seen: MessageStreamEvent[] = [];
  let failure: unknown;
  const log = recordMessage(source, {
    onWhole: (recording) => recordings.push(recording),
    onUntold: (outputTokens) => untoldAt.push(outputTokens),
  });
  try {
    for await (const event of log.read(signal)) seen.push(event);
  } catch (error) {
    failure = error;
  }
  return { recordings, untoldAt, seen, failure };
}

const unexpected = () => expect.unreachable();

describe("recordMessage", () => {
  it("passes every event on and tells the whole message once", async () => {
    expect(await record(stream(events))).toEqual({
      seen: events,
      recordings: [{ message, timings }],
      untoldAt: [],
      failure: undefined,
    });
  });

  it("has told the message when its last event can be read", async () => {
    const order: string[] = [];
    const log = recordMessage(stream(events), { onWhole: () => order.push("whole"), onUntold: unexpected });
    for await (const { type } of log.read(new AbortController().signal)) order.push(type);
    expect(order.slice(-2)).toEqual(["whole", "message_stop"]);
  });

  it("records to the end when its reader has left after one event", async () => {
    const reader = new AbortController();
    const whole = Promise.withResolvers<Recording>();
    const log = recordMessage(stream(events), { onWhole: whole.resolve, onUntold: unexpected });
    await log.read(reader.signal).next();
    reader.abort();
    await expect(log.read(reader.signal).next()).rejects.toThrow();
    expect((await whole.promise).message).toEqual(message);
  });

  const broken = new ApiError("overloaded_error", "gone");
  it.each<[string, AsyncIterable<MessageStreamEvent>, string, number]>([
    ["a failure in the middle", stream(events.slice(0, 3), broken), "gone", 3],
    ["a failure before all", stream([], broken), "gone", 0],
    [
      "an error event",
      stream([...events.slice(0, 2), { type: "error", error: { type: "api_error", message: "oops" } }]),
      "oops",
      2,
    ],
    ["events out of order", stream(events.slice(1)), "out of order", 0],
    [
      "a tool input that is cut",
      stream([
        ...events.slice(0, 5),
        { type: "content_block_delta", index: 1, delta: { type: "input_json_delta", partial_json: '{"pa' } },
        { type: "content_block_stop", index: 1 },
        {
          type: "message_delta",
          delta: { stop_reason: "tool_use", stop_sequence: null },
          usage: { output_tokens: 1 },
        },
      ]),
      "no JSON object",
      7,
    ],
  ])("tells no message after %s, and the error to its reader", async (_name, source, text, count) => {
    const { recordings, seen, failure } = await record(source);
    expect(recordings).toEqual([]);
    expect(seen).toHaveLength(count);
    expect((failure as Error).message).toContain(text);
  });

  it("tells no message where the events end early", async () =>
    expect((await record(stream(events.slice(0, -1)))).recordings).toEqual([]));

  it("passes on what no message can tell", async () => {
    const delta = { type: "new_delta", text: "x" } as unknown as BlockDelta;
    const source = events.toSpliced(2, 0, { type: "content_block_delta", index: 0, delta });
    expect(await record(stream(source))).toEqual({
      seen: source,
      recordings: [],
      untoldAt: [4],
      failure: undefined,
    });
  });

  it("tells how many tokens a broken answer has had, by its pieces or by its length", async () => {
    const piece = (text: string): MessageStreamEvent => ({
      type: "content_block_delta",
      index: 0,
      delta: { type: "text_delta", text },
    });
    const begun = events.slice(0, 2);
    const brokenAfter = async (pieces: string[]) =>
      (await record(stream([...begun, ...pieces.map(piece)], broken))).untoldAt;
    expect(await brokenAfter(["a", "b", "c"])).toEqual([3]);
    expect(await brokenAfter(["a".repeat(400)])).toEqual([100]);
    expect(await brokenAfter([])).toEqual([0]);
  });

  it("closes its source", async () => {
    let closed = 0;
    await record(stream(events, undefined, () => (closed += 1)));
    await record(stream(events.slice(1), undefined, () => (closed += 1)));
    expect(closed).toBe(2);
  });
});
