import Anthropic from "@anthropic-ai/sdk";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { collect } from "#anthropic/__fixtures__/collect.js";
import type { MessageStreamEvent } from "#anthropic/events.js";
import { foldMessage } from "#anthropic/fold-message.js";
import type { StopReason } from "#anthropic/messages.js";
import { encodeEvent } from "#anthropic/sse.js";
import type { GenerationEnd, GenerationEvent } from "../backends/inference-backend.js";
import { frameMessageEvents } from "./frame-message-events.js";

async function* from<T>(items: T[], onClose = () => {}): AsyncGenerator<T> {
  try {
    yield* items;
  } finally {
    onClose();
  }
}

const frame = (events: GenerationEvent[]) =>
  collect(frameMessageEvents(from(events), { model: "m", inputTokens: 11, queueSeconds: 4 }));

const end: GenerationEnd = {
  type: "end",
  stopReason: "end_turn",
  stopSequence: null,
  inputTokens: 7,
  outputTokens: 5,
  loadSeconds: 1,
  prefillSeconds: 2,
  decodeSeconds: 3,
};
const text = (piece: string): GenerationEvent => ({ type: "text", text: piece });
const think = (piece: string): GenerationEvent => ({ type: "thinking", thinking: piece });
const call = (name: string, ...pieces: string[]): GenerationEvent[] => [
  { type: "tool_use_start", name },
  ...pieces.map((partialJson): GenerationEvent => ({ type: "tool_use_input", partialJson })),
];

/** An event in one line. */
function tell(event: MessageStreamEvent): string {
  if (event.type === "content_block_start") return `start ${event.index} ${event.content_block.type}`;
  if (event.type === "content_block_stop") return `stop ${event.index}`;
  if (event.type === "message_delta") return `${event.type} ${event.delta.stop_reason}`;
  if (event.type !== "content_block_delta") return event.type;
  const [type, value] = Object.values(event.delta) as string[];
  return `${event.index} ${type} ${type === "signature_delta" ? "…" : value}`;
}

describe("what a model does becomes events", () => {
  it.each<[string, GenerationEvent[], string[]]>([
    ["nothing", [], []],
    [
      "text in pieces",
      [text("a"), text("b")],
      ["start 0 text", "0 text_delta a", "0 text_delta b", "stop 0"],
    ],
    [
      "thinking, text",
      [think("a"), think("b"), text("c")],
      [
        "start 0 thinking",
        "0 thinking_delta a",
        "0 thinking_delta b",
        "0 signature_delta …",
        "stop 0",
        "start 1 text",
        "1 text_delta c",
        "stop 1",
      ],
    ],
    [
      "text, two calls, text",
      [text("a"), ...call("f", "{", "}"), ...call("g"), text("b")],
      [
        "start 0 text",
        "0 text_delta a",
        "stop 0",
        "start 1 tool_use",
        "1 input_json_delta {",
        "1 input_json_delta }",
        "stop 1",
        "start 2 tool_use",
        "stop 2",
        "start 3 text",
        "3 text_delta b",
        "stop 3",
      ],
    ],
    [
      "thinking, call, thinking",
      [think("a"), ...call("f", "{}"), think("b")],
      [
        "start 0 thinking",
        "0 thinking_delta a",
        "0 signature_delta …",
        "stop 0",
        "start 1 tool_use",
        "1 input_json_delta {}",
        "stop 1",
        "start 2 thinking",
        "2 thinking_delta b",
        "2 signature_delta …",
        "stop 2",
      ],
    ],
  ])("%s", async (_name, events, told) => {
    expect((await frame([...events, end])).map(tell)).toEqual([
      "message_start",
      ...told,
      "message_delta end_turn",
      "message_stop",
    ]);
  });

  it("the first event tells the message and the tokens counted before", async () => {
    const [first] = await frame([end]);
    expect(first).toEqual({
      type: "message_start",
      message: {
        id: expect.stringMatching(/^msg_01\w{22}$/) as string,
        type: "message",
        role: "assistant",
        model: "m",
        content: [],
        stop_reason: null,
        stop_sequence: null,
        usage: {
          input_tokens: 11,
          cache_creation_input_tokens: 0,
          cache_read_input_tokens: 0,
          output_tokens: 0,
        },
      },
    });
  });

  it.each<[string, Partial<GenerationEnd>, object]>([
    ["the backend's own count wins", {}, { input_tokens: 7, output_tokens: 5 }],
    ["the count before stands in for it", { inputTokens: undefined }, { input_tokens: 11, output_tokens: 5 }],
    ["a cached prompt of no tokens", { inputTokens: 0 }, { input_tokens: 0, output_tokens: 5 }],
  ])("usage: %s", async (_name, fields, usage) => {
    expect((await frame([{ ...end, ...fields }])).at(-2)).toMatchObject({ type: "message_delta", usage });
  });

  it("the end tells the stop sequence and how long it took", async () => {
    const events = await frame([{ ...end, stopReason: "stop_sequence", stopSequence: "STOP" }]);
    expect(events.slice(-2)).toMatchObject([
      { type: "message_delta", delta: { stop_reason: "stop_sequence", stop_sequence: "STOP" } },
      {
        type: "message_stop",
        timings: { queue_seconds: 4, load_seconds: 1, prefill_seconds: 2, decode_seconds: 3 },
      },
    ]);
  });

  it("a thought's signature depends on its text alone, however it is cut", async () => {
    const signatures = async (...pieces: string[]) =>
      (await frame([...pieces.map(think), text("x"), think("ab"), end])).flatMap((event) =>
        event.type === "content_block_delta" && event.delta.type === "signature_delta"
          ? [event.delta.signature]
          : [],
      );
    const [first, second] = await signatures("a", "b");
    expect(first).toBe(second);
    expect(await signatures("ab")).toEqual([first, second]);
    expect((await signatures("b"))[0]).not.toBe(first);
  });

  it("every message and call has an id of its own", async () => {
    const events = await Promise.all([1, 2].map(() => frame([...call("f"), ...call("f"), end])));
    const ids = JSON.stringify(events).match(/(msg|toolu)_01\w+/g) ?? [];
    expect(ids).toHaveLength(6);
    expect(new Set(ids).size).toBe(6);
  });
});

describe("a source that fails", () => {
  it("throws through, after what came before", async () => {
    async function* broken(): AsyncGenerator<GenerationEvent> {
      yield text("a");
      throw new Error("broken");
    }
    const seen: string[] = [];
    await expect(async () => {
      for await (const event of frameMessageEvents(broken(), { model: "m", inputTokens: 0 }))
        seen.push(tell(event));
    }).rejects.toThrow("broken");
    expect(seen).toEqual(["message_start", "start 0 text", "0 text_delta a"]);
  });

  it("says nothing before its first event, so that an early failure keeps its status", async () => {
    const broken: AsyncIterable<GenerationEvent> = {
      [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new Error("broken")) }),
    };
    const events = frameMessageEvents(broken, { model: "m", inputTokens: 0 });
    await expect(events.next()).rejects.toThrow("broken");
  });

  it.each([[[]], [[text("a")]]])("that just ends is an error: %j", async (events) => {
    await expect(frame(events)).rejects.toMatchObject({
      type: "api_error",
      message: "the backend ended its answer before it was complete",
    });
  });

  it("is closed when the reader leaves, and at the end", async () => {
    let closed = 0;
    const close = () => (closed += 1);
    const options = { model: "m", inputTokens: 0 };
    for await (const event of frameMessageEvents(from([text("a"), end], close), options))
      if (event.type === "message_start") break;
    expect(closed).toBe(1);
    await collect(frameMessageEvents(from([text("a"), end, text("never")], close), options));
    expect(closed).toBe(2);
  });
});

const anyJson = fc.dictionary(fc.string({ maxLength: 5 }), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 3 });
const anyCall = fc
  .tuple(fc.constantFrom("f", "g"), fc.option(anyJson), fc.array(fc.integer({ min: 1, max: 9 })))
  .map(([name, input, sizes]) => {
    const pieces: string[] = [];
    let json = input === null ? "" : JSON.stringify(input);
    for (const size of sizes) {
      pieces.push(json.slice(0, size));
      json = json.slice(size);
    }
    // JSON has no -0.
    const told: unknown = JSON.parse(JSON.stringify(input ?? {}));
    return { events: call(name, ...pieces, json), content: { type: "tool_use", name, input: told } };
  });
const anyGroup = fc.oneof(
  fc
    .string({ unit: "grapheme", minLength: 1 })
    .map((piece) => ({ events: [text(piece)], content: { type: "text", text: piece } })),
  fc
    .string({ unit: "grapheme", minLength: 1 })
    .map((piece) => ({ events: [think(piece)], content: { type: "thinking", thinking: piece } })),
  anyCall,
);

describe("any sequence of what a model can do", () => {
  const anyGeneration = fc
    .tuple(
      fc.array(anyGroup, { maxLength: 8 }),
      fc.constantFrom<StopReason[]>("end_turn", "tool_use", "max_tokens"),
    )
    .map(([groups, stopReason]) => ({
      events: [...groups.flatMap(({ events }) => events), { ...end, stopReason }],
      blocks: mergeNeighbours(groups.map(({ content }) => content as Record<string, unknown>)),
      stopReason,
    }))
    .filter(({ events, stopReason }) => stopReason !== "max_tokens" || !endsBeforeInput(events));

  /** Such a call is left out of whole messages, but not of the SDK's. */
  function endsBeforeInput(events: GenerationEvent[]): boolean {
    const start = events.findLastIndex(({ type }) => type === "tool_use_start");
    const behind = start === -1 ? [] : events.slice(start + 1, -1);
    return (
      start !== -1 && behind.every((event) => event.type === "tool_use_input" && event.partialJson === "")
    );
  }

  /** Neighbouring texts are one block, and so are thoughts. */
  function mergeNeighbours(blocks: Record<string, unknown>[]): Record<string, unknown>[] {
    const merged: Record<string, unknown>[] = [];
    for (const block of blocks) {
      const last = merged.at(-1);
      if (last && last["type"] === block["type"] && block["type"] !== "tool_use")
        for (const part of ["text", "thinking"])
          if (part in block) last[part] = String(last[part]) + String(block[part]);
      if (last?.["type"] !== block["type"] || block["type"] === "tool_use") merged.push({ ...block });
    }
    return merged;
  }

  it("folds into it, and the official SDK reads the same", async () => {
    await fc.assert(
      fc.asyncProperty(anyGeneration, async ({ events, blocks, stopReason }) => {
        const framed = await frame(events);
        const message = await foldMessage(from(framed));
        expect(message.content).toMatchObject(blocks);
        expect(message.content).toHaveLength(blocks.length);
        expect(message.stop_reason).toBe(stopReason);
        expect(await readWithSdk(framed.map(encodeEvent).join(""))).toEqual(
          JSON.parse(JSON.stringify(message)),
        );
      }),
      { numRuns: 150 },
    );
  });
});

async function readWithSdk(stream: string): Promise<unknown> {
  const client = new Anthropic({
    apiKey: "dummy",
    maxRetries: 0,
    fetch: async () => new Response(stream, { headers: { "content-type": "text/event-stream" } }),
  });
  const answer = client.messages.stream({
    model: "m",
    max_tokens: 100,
    messages: [{ role: "user", content: "hi" }],
  });
  const { parsed_output: _added, ...message } = await answer.finalMessage();
  return JSON.parse(JSON.stringify(message));
}
