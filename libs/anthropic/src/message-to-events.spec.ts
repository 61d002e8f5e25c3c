import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cutBytes } from "./__fixtures__/cut-bytes.js";
import { foldMessage } from "./fold-message.js";
import { messageToEvents } from "./message-to-events.js";
import type { Message } from "./messages.js";
import { decodeEvents, encodeEvent } from "./sse.js";

const text = fc.oneof(
  fc.string(),
  fc.string({ unit: "binary" }),
  fc.constantFrom("\n\ndata: x\r\n", "\ud800"),
);
const tokens = fc.nat(1_000_000);
const input = fc.dictionary(fc.oneof(fc.string(), fc.constant("__proto__")), fc.jsonValue(), { maxKeys: 3 });

const message = fc
  .record({
    id: fc.string(),
    type: fc.constant("message"),
    role: fc.constant("assistant"),
    model: fc.string(),
    content: fc.array(
      fc.oneof(
        fc.record({ type: fc.constant("text"), text }),
        fc.record({ type: fc.constant("thinking"), thinking: text, signature: text }),
        fc.record({ type: fc.constant("tool_use"), id: fc.string(), name: fc.string(), input }),
        fc.record({ type: fc.constant("redacted_thinking"), data: text }),
      ),
      { maxLength: 5 },
    ),
    stop_reason: fc.constantFrom("end_turn", "max_tokens", "stop_sequence", "tool_use", "refusal", null),
    stop_sequence: fc.option(text),
    usage: fc.record(
      {
        input_tokens: tokens,
        output_tokens: tokens,
        cache_creation_input_tokens: fc.option(tokens),
        cache_read_input_tokens: fc.option(tokens),
      },
      { requiredKeys: ["input_tokens", "output_tokens"] },
    ),
  })
  .map((value) => JSON.parse(JSON.stringify(value)) as Message);

describe("messageToEvents", () => {
  it("is undone by foldMessage, over the wire and wherever the bytes are cut", async () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1 });
    await fc.assert(
      fc.asyncProperty(message, sizes, async (original, lengths) => {
        const stream = [...messageToEvents(original)].map(encodeEvent).join("");
        const folded = await foldMessage(decodeEvents(cutBytes(stream, lengths)));
        assert.deepStrictEqual(folded, original);
      }),
      { numRuns: 300 },
    );
  });

  it("gives tool input as a delta alone, for clients read it from nowhere else", () => {
    const events = [
      ...messageToEvents({
        id: "msg_1",
        type: "message",
        role: "assistant",
        model: "m",
        content: [{ type: "tool_use", id: "toolu_1", name: "Read", input: { path: "a" } }],
        stop_reason: "tool_use",
        stop_sequence: null,
        usage: { input_tokens: 7, output_tokens: 9 },
      }),
    ];
    expect(events).toEqual([
      {
        type: "message_start",
        message: {
          id: "msg_1",
          type: "message",
          role: "assistant",
          model: "m",
          content: [],
          stop_reason: null,
          stop_sequence: null,
          usage: { input_tokens: 7, output_tokens: 0 },
        },
      },
      {
        type: "content_block_start",
        index: 0,
        content_block: { type: "tool_use", id: "toolu_1", name: "Read", input: {} },
      },
      {
        type: "content_block_delta",
        index: 0,
        delta: { type: "input_json_delta", partial_json: '{"path":"a"}' },
      },
      { type: "content_block_stop", index: 0 },
      {
        type: "message_delta",
        delta: { stop_reason: "tool_use", stop_sequence: null },
        usage: { input_tokens: 7, output_tokens: 9 },
      },
      { type: "message_stop" },
    ]);
  });
});
