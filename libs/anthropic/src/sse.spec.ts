import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { collect } from "./__fixtures__/collect.js";
import { cutBytes } from "./__fixtures__/cut-bytes.js";
import { readTranscript } from "./__fixtures__/read-fixture.js";
import { ApiError } from "./errors.js";
import type { MessageStreamEvent } from "./events.js";
import { decodeEvents, encodeEvent } from "./sse.js";

const whole = Number.MAX_SAFE_INTEGER;

async function decode(stream: string, sizes: number | number[]): Promise<MessageStreamEvent[]> {
  return collect(decodeEvents(cutBytes(stream, sizes)));
}

/** What was decoded before the end, and the error if it ended with one. */
async function decodeUntilError(stream: string, size: number): Promise<[string[], unknown]> {
  const types: string[] = [];
  try {
    for await (const event of decodeEvents(cutBytes(stream, size))) types.push(event.type);
    return [types, undefined];
  } catch (error) {
    return [types, error];
  }
}

const textDelta = (delta: string): MessageStreamEvent => ({
  type: "content_block_delta",
  index: 0,
  delta: { type: "text_delta", text: delta },
});

describe.each([
  ["1-byte", 1],
  ["7-byte", 7],
  ["whole", whole],
])("decodeEvents at %s cuts", (_name, size) => {
  it("reads a recorded stream with multi-byte characters", async () => {
    const events = await decode(readTranscript("text"), size);
    expect(events.map(({ type }) => type)).toEqual([
      "message_start",
      "content_block_start",
      "content_block_delta",
      "content_block_delta",
      "content_block_delta",
      "content_block_stop",
      "message_delta",
      "message_stop",
    ]);
    expect(events.slice(2, 5)).toEqual(["Hello", " – wörld ", "🌍!"].map(textDelta));
  });

  const ping = { type: "ping" };
  it.each<[string, string, unknown[]]>([
    ["CRLF line ends", 'event: ping\r\ndata: {"type":"ping"}\r\n\r\n', [ping]],
    ["CR line ends", 'event: ping\rdata: {"type":"ping"}\r\rdata: {"type":"ping"}\r\r:\n', [ping, ping]],
    ["comments", ': hi\n\n:\ndata: {"type":"ping"}\n: in between\n\n: bye\n\n', [ping]],
    ["no event name", 'data: {"type":"ping"}\n\n', [ping]],
    ["no space after the colon", 'data:{"type":"ping"}\n\n', [ping]],
    ["id and retry fields", 'id: 7\nretry: 10\ndata: {"type":"ping"}\n\n', [ping]],
    ["a data of two lines", 'data: {"type":\ndata: "ping"}\n\n', [ping]],
    ["an event name without data", "event: ping\n\n", []],
    ["blank lines only", "\n\n\n", []],
    ["a byte order mark", '\uFEFFdata: {"type":"ping"}\n\n', [ping]],
    ["an unknown event type", 'data: {"type":"new_thing","x":1}\n\n', [{ type: "new_thing", x: 1 }]],
    [
      "a last event without its blank line",
      'data: {"type":"ping"}\n\ndata: {"type":"message_stop"}\n',
      [ping],
    ],
    ["an end in the middle of a line", 'data: {"type":"ping"}\n\ndata: {"type":"mess', [ping]],
    ["no bytes", "", []],
  ])("reads %s", async (_case, stream, expected) => {
    expect(await decode(stream, size)).toEqual(expected);
  });

  it.each([
    ["no JSON", "[DONE]"],
    ["cut JSON", '{"type":"ping"'],
    ["a number", "5"],
    ["null", "null"],
    ["a list", "[]"],
    ["an object without a type", "{}"],
    ["an object whose type is no string", '{"type":5}'],
  ])("refuses a data that is %s, after the events before it", async (_case, data) => {
    const good = encodeEvent({ type: "ping" });
    const [types, error] = await decodeUntilError(`${good}${good}data: ${data}\n\n${good}`, size);
    expect(types).toEqual(["ping", "ping"]);
    assert(error instanceof ApiError);
    expect(error).toMatchObject({
      type: "api_error",
      message: "the upstream sent an event that is no JSON object with a type",
    });
  });
});

describe("encodeEvent", () => {
  it("names the event and keeps its JSON on one line", () => {
    expect(encodeEvent(textDelta("a\nb\r\u2028"))).toBe(
      'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"a\\nb\\r\u2028"}}\n\n',
    );
  });

  it("is undone by decodeEvents, whatever the events hold and wherever the bytes are cut", async () => {
    const event = fc
      .record({ type: fc.string(), words: fc.string({ unit: "binary" }), rest: fc.jsonValue() })
      .map((value) => JSON.parse(JSON.stringify(value)) as MessageStreamEvent);
    const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 });
    await fc.assert(
      fc.asyncProperty(fc.array(event, { maxLength: 6 }), sizes, async (events, lengths) => {
        assert.deepStrictEqual(await decode(events.map(encodeEvent).join(""), lengths), events);
      }),
      { numRuns: 300 },
    );
  });
});

describe("the source of decodeEvents", () => {
  const stream = readTranscript("text");

  it.each<[string, string, (events: AsyncGenerator<MessageStreamEvent>) => Promise<unknown>]>([
    ["the reader stops", stream, (events) => events.next().then(() => events.return(undefined))],
    ["the data is garbage", "data: x\n\n".repeat(9), (events) => events.next().catch(() => undefined)],
    ["all is read", stream, (events) => collect(events)],
  ])("is closed when %s", async (_case, body, read) => {
    let closed = false;
    async function* source() {
      try {
        yield* cutBytes(body, 200);
      } finally {
        closed = true;
      }
    }
    const events = decodeEvents(source());
    onTestFinished(async () => void (await events.return(undefined)));
    await read(events);
    expect(closed).toBe(true);
  });

  it("passes its own failure on", async () => {
    async function* source() {
      yield new TextEncoder().encode(encodeEvent({ type: "ping" }));
      throw new Error("reset");
    }
    const events = decodeEvents(source());
    expect((await events.next()).value).toEqual({ type: "ping" });
    await expect(events.next()).rejects.toThrow("reset");
  });
});

it("an event without an end is an error", async () => {
  async function* endless(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('data: {"type":"');
    for (const bytes = Buffer.alloc(65_536, "x"); ;) yield bytes;
  }
  await expect(collect(decodeEvents(endless()))).rejects.toMatchObject({
    type: "api_error",
    message: "the upstream sent an event without an end",
  });
});
