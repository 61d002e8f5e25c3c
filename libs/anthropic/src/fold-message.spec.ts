import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cutBytes } from "./__fixtures__/cut-bytes.js";
import { readTranscript } from "./__fixtures__/read-fixture.js";
import { ApiError } from "./errors.js";
import type { MessageStreamEvent } from "./events.js";
import { MessageFold, foldMessage } from "./fold-message.js";
import { decodeEvents } from "./sse.js";

const whole = Number.MAX_SAFE_INTEGER;
const usage = { input_tokens: 25, cache_creation_input_tokens: 0, cache_read_input_tokens: 0 };
const fold = (name: string, size: number) => foldMessage(decodeEvents(cutBytes(readTranscript(name), size)));

describe.each([
  ["1-byte", 1],
  ["7-byte", 7],
  ["whole", whole],
])("foldMessage at %s cuts", (_name, size) => {
  it.each<[string, unknown[], string, string | null, object]>([
    [
      "text",
      [{ type: "text", text: "Hello – wörld 🌍!" }],
      "end_turn",
      null,
      { ...usage, output_tokens: 15 },
    ],
    [
      "thinking-then-tool-use",
      [
        { type: "thinking", thinking: "The user wants a file.\n", signature: "EqoBsig==" },
        { type: "text", text: "Writing it." },
        {
          type: "tool_use",
          id: "toolu_01A",
          name: "Write",
          input: { file_path: "/tmp/hello.txt", content: "hé" },
        },
      ],
      "tool_use",
      null,
      { ...usage, output_tokens: 57 },
    ],
    [
      "two-tool-uses",
      [
        { type: "tool_use", id: "toolu_01A", name: "Read", input: { file_path: "a" } },
        { type: "tool_use", id: "toolu_01B", name: "Read", input: { file_path: "b" } },
      ],
      "tool_use",
      null,
      { ...usage, output_tokens: 40 },
    ],
    [
      "tool-input-in-pieces",
      [
        {
          type: "tool_use",
          id: "toolu_01A",
          name: "Edit",
          input: {
            old: 'a "quoted" line\n',
            new: "ünï 🙂",
            nested: { list: [1, 2.5, -300, true, null] },
          },
        },
      ],
      "tool_use",
      null,
      { ...usage, output_tokens: 61 },
    ],
    [
      "tool-without-input",
      [{ type: "tool_use", id: "toolu_01A", name: "ListAgents", input: {} }],
      "tool_use",
      null,
      { ...usage, output_tokens: 12 },
    ],
    [
      "max-tokens",
      [{ type: "text", text: "This is cut off in the mid" }],
      "max_tokens",
      null,
      { ...usage, output_tokens: 8 },
    ],
    [
      "stop-sequence",
      [{ type: "text", text: "one two " }],
      "stop_sequence",
      "STOP",
      { ...usage, output_tokens: 4 },
    ],
    ["ping-in-between", [{ type: "text", text: "ab" }], "end_turn", null, { ...usage, output_tokens: 3 }],
    ["empty-content", [], "end_turn", null, { ...usage, output_tokens: 0 }],
    [
      "usage-corrected-at-the-end",
      [{ type: "text", text: "ok" }],
      "end_turn",
      null,
      { ...usage, input_tokens: 812, cache_read_input_tokens: 780, output_tokens: 2 },
    ],
  ])("folds %s", async (name, content, stop_reason, stop_sequence, expectedUsage) => {
    expect(await fold(name, size)).toEqual({
      id: "msg_01Fixture",
      type: "message",
      role: "assistant",
      model: "qwen3-coder:30b",
      content,
      stop_reason,
      stop_sequence,
      usage: expectedUsage,
    });
  });

  it.each([
    ["error-mid-stream", { type: "overloaded_error", status: 529, message: "Overloaded" }],
    ["cut", { type: "api_error", message: "the upstream's stream ended before the message was complete" }],
  ])("throws on %s", async (name, expected) => {
    await expect(fold(name, size)).rejects.toMatchObject(expected);
  });
});

const start = {
  type: "message_start",
  message: {
    id: "msg_1",
    type: "message",
    role: "assistant",
    model: "m",
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: { input_tokens: 1, output_tokens: 1 },
  },
};
const openText = (index = 0) => ({
  type: "content_block_start",
  index,
  content_block: { type: "text", text: "" },
});
const openTool = {
  type: "content_block_start",
  index: 0,
  content_block: { type: "tool_use", id: "t", name: "n", input: {} },
};
const delta = (value: object, index = 0) => ({ type: "content_block_delta", index, delta: value });
const text = delta({ type: "text_delta", text: "x" });
const json = (partial_json: unknown) => delta({ type: "input_json_delta", partial_json });
const close = (index = 0) => ({ type: "content_block_stop", index });
const end = {
  type: "message_delta",
  delta: { stop_reason: "end_turn", stop_sequence: null },
  usage: { output_tokens: 3 },
};
const stop = { type: "message_stop" };

function add(events: unknown[]): MessageFold {
  const messageFold = new MessageFold();
  for (const event of events) messageFold.add(event as MessageStreamEvent);
  return messageFold;
}

describe("MessageFold", () => {
  const outOfOrder = "the upstream's stream is out of order: ";
  it.each<[string, unknown[], string]>([
    ["a second start", [start, start], `${outOfOrder}a second message_start`],
    ["a start after the end", [start, end, stop, start], `${outOfOrder}a second message_start`],
    ["a block before the start", [openText()], `${outOfOrder}content_block_start before message_start`],
    ["a delta before the start", [text], `${outOfOrder}content_block_delta before message_start`],
    ["a block's end before the start", [close()], `${outOfOrder}content_block_stop before message_start`],
    ["a message_delta before the start", [end], `${outOfOrder}message_delta before message_start`],
    ["a stop before the start", [stop], `${outOfOrder}message_stop before message_start`],
    ["a block in a block", [start, openText(), openText(1)], `${outOfOrder}content_block_start 1`],
    ["a block twice", [start, openText(), close(), openText()], `${outOfOrder}content_block_start 0`],
    ["a skipped index", [start, openText(1)], `${outOfOrder}content_block_start 1`],
    ["a negative index", [start, openText(-1)], `${outOfOrder}content_block_start -1`],
    ["a delta outside a block", [start, text], `${outOfOrder}content_block_delta 0`],
    ["a delta of a closed block", [start, openText(), close(), text], `${outOfOrder}content_block_delta 0`],
    [
      "a delta of another block",
      [start, openText(), delta({ type: "text_delta", text: "x" }, 1)],
      `${outOfOrder}content_block_delta 1`,
    ],
    ["an end of no block", [start, close()], `${outOfOrder}content_block_stop 0`],
    ["an end of another block", [start, openText(), close(1)], `${outOfOrder}content_block_stop 1`],
    ["an end twice", [start, openText(), close(), close()], `${outOfOrder}content_block_stop 0`],
    ["a message_delta in a block", [start, openText(), end], `${outOfOrder}message_delta inside a block`],
    ["a block after message_delta", [start, end, openText()], `${outOfOrder}content_block_start 0`],
    ["a stop in a block", [start, openText(), stop], `${outOfOrder}message_stop without message_delta`],
    ["a stop without message_delta", [start, stop], `${outOfOrder}message_stop without message_delta`],
    [
      "a block after the stop",
      [start, end, stop, openText()],
      `${outOfOrder}content_block_start after message_stop`,
    ],
    [
      "a message_delta after the stop",
      [start, end, stop, end],
      `${outOfOrder}message_delta after message_stop`,
    ],
    ["a second stop", [start, end, stop, stop], `${outOfOrder}message_stop after message_stop`],
    [
      "JSON in a text block",
      [start, openText(), json("{}")],
      `${outOfOrder}input_json_delta inside a text block`,
    ],
    ["text in a tool_use", [start, openTool, text], `${outOfOrder}text_delta inside a tool_use block`],
    [
      "a signature in a text block",
      [start, openText(), delta({ type: "signature_delta", signature: "s" })],
      `${outOfOrder}signature_delta inside a text block`,
    ],
    [
      "a citation in a tool_use",
      [start, openTool, delta({ type: "citations_delta", citation: {} })],
      `${outOfOrder}citations_delta inside a tool_use block`,
    ],
    ["a delta without a type", [start, openText(), delta({})], "the upstream sent a malformed event"],
    [
      "cut tool input",
      [start, openTool, json('{"a":'), close(), end],
      "the upstream streamed a tool input that is no JSON object",
    ],
    [
      "a block behind a cut tool input",
      [start, openTool, json('{"a":'), close(), openText(1)],
      "the upstream streamed a tool input that is no JSON object",
    ],
    [
      "a list as tool input",
      [start, openTool, json("[1]"), close()],
      "the upstream streamed a tool input that is no JSON object",
    ],
    [
      "null as tool input",
      [start, openTool, json("null"), close()],
      "the upstream streamed a tool input that is no JSON object",
    ],
    ["a start without a message", [{ type: "message_start" }], "the upstream sent a malformed event"],
    ["a start with a text", [{ type: "message_start", message: "x" }], "the upstream sent a malformed event"],
    [
      "a block start without a block",
      [start, { type: "content_block_start", index: 0 }],
      "the upstream sent a malformed event",
    ],
    [
      "a delta without a delta",
      [start, openText(), { type: "content_block_delta", index: 0 }],
      "the upstream sent a malformed event",
    ],
    [
      "a text_delta without text",
      [start, openText(), delta({ type: "text_delta" })],
      "the upstream sent a malformed event",
    ],
    ["a partial_json that is no text", [start, openTool, json({})], "the upstream sent a malformed event"],
    [
      "a message_delta without a delta",
      [start, { type: "message_delta" }],
      "the upstream sent a malformed event",
    ],
    ["an error without an error", [{ type: "error" }], "upstream answered with status 500"],
  ])("refuses %s", (_case, events, message) => {
    const messageFold = add(events.slice(0, -1));
    assert.throws(
      () => messageFold.add(events.at(-1) as MessageStreamEvent),
      (error) => error instanceof ApiError && error.type === "api_error" && error.message === message,
    );
  });

  it("folds no delta of an unknown type, which a stream passes on", () => {
    const events = [start, openText(), delta({ type: "new_delta" }), text, close(), end, stop];
    const messageFold = add(events);
    expect(messageFold.isExact).toBe(false);
    expect(() => messageFold.finish()).toThrow("new_delta");
  });

  it("gives an error of an unknown type a status", () => {
    const error = { type: "error", error: { type: "billing_error", message: "no credit" } };
    expect(() => add([error])).toThrow(expect.objectContaining({ status: 500, message: "no credit" }));
  });

  it.each<[string, unknown[]]>([
    ["nothing", []],
    ["no end", [start]],
    ["an open block", [start, openText(), text]],
    ["no message_stop", [start, openText(), text, close(), end]],
  ])("is not complete with %s", (_case, events) => {
    const messageFold = add(events);
    expect(() => messageFold.finish()).toThrow("the upstream's stream ended before the message was complete");
  });

  it.each<[string, unknown[], object]>([
    [
      "an unknown event",
      [{ type: "new_event" }, start, { type: "new_event" }, end, stop],
      { content: [], stop_reason: "end_turn" },
    ],
    [
      "a block of an unknown type, as it started",
      [start, { ...openText(), content_block: { type: "redacted_thinking", data: "x" } }, close(), end, stop],
      { content: [{ type: "redacted_thinking", data: "x" }] },
    ],
    [
      "citations, behind those that came with the block's start",
      [
        start,
        { ...openText(), content_block: { type: "text", text: "", citations: [{ cited_text: "a" }] } },
        text,
        delta({ type: "citations_delta", citation: { cited_text: "b" } }),
        close(),
        end,
        stop,
      ],
      { content: [{ type: "text", citations: [{ cited_text: "a" }, { cited_text: "b" }] }] },
    ],
    [
      "a call of a server's own tool",
      [
        start,
        { ...openTool, content_block: { ...openTool.content_block, type: "server_tool_use" } },
        json('{"a":1}'),
        close(),
        end,
        stop,
      ],
      { content: [{ type: "server_tool_use", input: { a: 1 } }] },
    ],
    [
      "a message_delta without usage",
      [start, { ...end, usage: undefined }, stop],
      { usage: { input_tokens: 1, output_tokens: 1 } },
    ],
    [
      "two message_delta events",
      [
        start,
        { ...end, usage: { output_tokens: 2, input_tokens: null } },
        { ...end, usage: { output_tokens: 5 } },
        stop,
      ],
      { usage: { input_tokens: 1, output_tokens: 5 } },
    ],
    [
      "a tool input that came with the block's start",
      [
        start,
        { ...openTool, content_block: { ...openTool.content_block, input: { a: 1 } } },
        close(),
        end,
        stop,
      ],
      { content: [{ type: "tool_use", id: "t", name: "n", input: { a: 1 } }] },
    ],
    [
      "a tool input that the output limit cut, which is left out",
      [start, openTool, json('{"a":'), close(), { ...end, delta: { stop_reason: "max_tokens" } }, stop],
      { content: [], stop_reason: "max_tokens" },
    ],
    ...[[], [json("")]].map((inputs): [string, object[], object] => [
      `a call that the output limit cut before its input (${inputs.length} deltas), which is left out`,
      [start, openTool, ...inputs, close(), { ...end, delta: { stop_reason: "max_tokens" } }, stop],
      { content: [], stop_reason: "max_tokens" },
    ]),
    [
      "a call with an empty input before the output limit",
      [start, openTool, json("{}"), close(), { ...end, delta: { stop_reason: "max_tokens" } }, stop],
      { content: [{ type: "tool_use", input: {} }], stop_reason: "max_tokens" },
    ],
    [
      "a second message_delta that does not say again why it ended",
      [start, { ...end, delta: { stop_reason: "max_tokens" } }, { ...end, delta: {} }, stop],
      { stop_reason: "max_tokens" },
    ],
    ["an event after an event that is ignored", [start, end, { type: "ping" }, stop, { type: "ping" }], {}],
  ])("takes %s", (_case, events, expected) => {
    const messageFold = add(events);
    expect(messageFold.finish()).toMatchObject(expected);
  });

  it("changes no event", () => {
    const events = [start, openText(), text, close(), end, stop];
    const before = structuredClone(events);
    add(events).finish().content.length = 0;
    expect(events).toEqual(before);
  });

  it("keeps __proto__ an own key, in usage and in tool input", () => {
    const parsed = JSON.parse('{"__proto__":{"polluted":1}}') as Record<string, unknown>;
    const events = [start, openTool, json(JSON.stringify(parsed)), close(), { ...end, usage: parsed }, stop];
    const message = add(events).finish();
    for (const value of [message.usage, (message.content[0] as { input: object }).input]) {
      expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
      expect(Object.hasOwn(value, "__proto__")).toBe(true);
    }
  });

  it("throws nothing but ApiError, whatever the events hold", () => {
    const type = fc.constantFrom(start, openText(), openTool, text, json("{"), close(), end, stop);
    const event = fc.tuple(type, fc.json()).chain(([base, garbage]) =>
      fc.constantFrom(...Object.keys(base), "usage", "unknown").map((key) => {
        const value = JSON.parse(garbage) as unknown;
        return key === "type" ? base : { ...base, [key]: value };
      }),
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(type, event), { maxLength: 8 }), (events) => {
        try {
          add([start, ...events]);
        } catch (error) {
          assert(error instanceof ApiError, error as Error);
        }
      }),
      { numRuns: 500 },
    );
  });
});
