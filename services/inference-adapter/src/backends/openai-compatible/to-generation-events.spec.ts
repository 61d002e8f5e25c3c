import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { collect } from "#anthropic/__fixtures__/collect.js";
import { cutBytes } from "#anthropic/__fixtures__/cut-bytes.js";
import { ApiError } from "#anthropic/errors.js";
import type { GenerationEvent } from "../inference-backend.js";
import { LostCallError } from "../lost-call.error.js";
import { readAnswer } from "./__fixtures__/read-answer.js";
import { decodeChunks } from "./decode-chunks.js";
import { parseServerError } from "./map-openai-error.js";
import { toGenerationEvents } from "./to-generation-events.js";

const context = {
  offersTools: true,
  toError: (body: unknown) => new ApiError("api_error", parseServerError(undefined, body).message),
  now: () => 0,
};

/** What an answer tells, its pieces joined; an error ends it. */
async function read(answer: string, cut: number | number[] = Infinity): Promise<unknown[]> {
  const told: unknown[] = [];
  const add = (event: GenerationEvent) => {
    const last = told.at(-1) as [string, ...string[]] | undefined;
    switch (event.type) {
      case "text":
      case "thinking": {
        const text = event.type === "text" ? event.text : event.thinking;
        if (last?.[0] === event.type) last[1] += text;
        else told.push([event.type, text]);
        return;
      }
      case "tool_use_start":
        return void told.push(["call", event.name, ""]);
      case "tool_use_input":
        return void (last![2] += event.partialJson);
      case "end":
        told.push(["end", event.stopReason, event.inputTokens, event.outputTokens]);
    }
  };
  try {
    for await (const event of toGenerationEvents(decodeChunks(cutBytes(answer, cut)), context)) add(event);
  } catch (error) {
    told.push([(error as Error).constructor.name, (error as Error).message]);
  }
  return told;
}

describe("a recorded answer", () => {
  it.each<[string, unknown[]]>([
    [
      "llama-cpp-text",
      [
        ["text", "Hello from tiny: this sentence was emitted by a real Ollama server."],
        ["end", "end_turn", 4, 15],
      ],
    ],
    [
      "llama-cpp-utf8",
      [
        ["text", "Voilà: žluťoučký 日本語 🙂 fin."],
        ["end", "end_turn", 4, 15],
      ],
    ],
    [
      "llama-cpp-tool",
      [
        ["call", "get_weather", '{"city": "Paris", "days": 3, "metric": true}'],
        ["end", "tool_use", 124, 15],
      ],
    ],
    [
      "llama-cpp-text-then-tool",
      [
        ["text", "Let me look."],
        ["call", "Bash", '{"command": "echo tiny-was-here", "description": "Print a line"}'],
        ["end", "tool_use", 87, 21],
      ],
    ],
    [
      "llama-cpp-two-tools",
      [
        ["call", "get_weather", '{"city": "Oslo"}'],
        ["call", "get_weather", '{"city": "Rome"}'],
        ["end", "tool_use", 124, 19],
      ],
    ],
    [
      "llama-cpp-thinking",
      [
        ["thinking", "I should consider what was asked, then answer briefly."],
        ["text", "Forty-two is my considered answer."],
        ["end", "end_turn", 4, 23],
      ],
    ],
    [
      "llama-cpp-thinking-then-tool",
      [
        ["thinking", "A tool is needed here."],
        ["call", "get_weather", '{"city": "Quito"}'],
        ["end", "tool_use", 124, 12],
      ],
    ],
    [
      "llama-cpp-length",
      [
        ["text", "tick tock ping pong"],
        ["end", "max_tokens", 4, 4],
      ],
    ],
    [
      "llama-cpp-tool-cut-by-length",
      [
        ["call", "get_weather", '{"city": "Paris", "days'],
        ["end", "max_tokens", 124, 8],
      ],
    ],
    ["llama-cpp-empty", [["end", "end_turn", 4, 1]]],
    [
      "vllm-0.32-length",
      [
        ["text", "romhisge distribution comp published"],
        ["end", "max_tokens", 13, 6],
      ],
    ],
    [
      "vllm-text",
      [
        ["text", "Hello 🙂"],
        ["end", "end_turn", 11, 3],
      ],
    ],
    [
      "vllm-reasoning-then-tools",
      [
        ["thinking", "Two cities."],
        ["text", "\n\nLooking."],
        ["call", "get_weather", '{"city": "Oslo"}'],
        ["call", "get_weather", '{"city": "Rome"}'],
        ["end", "tool_use", 200, 41],
      ],
    ],
    [
      "vllm-named-tool",
      [
        ["call", "get_weather", '{"city": "Lima"}'],
        ["end", "tool_use", 150, 9],
      ],
    ],
    [
      "vllm-error",
      [
        ["text", "Hel"],
        ["ApiError", "EngineCore encountered an issue. See stack trace (above) for the root cause."],
      ],
    ],
    [
      "sglang-reasoning-then-tool",
      [
        ["thinking", "Hm."],
        ["call", "get_weather", '{"city": "Paris"}'],
        ["end", "tool_use", 180, 25],
      ],
    ],
    [
      "sglang-abort",
      [
        ["text", "Hel"],
        ["ApiError", 'The model server ended its answer with "abort"'],
      ],
    ],
  ])("%s, at every cut", async (name, told) => {
    for (const cut of [1, 7, Infinity]) expect(await read(readAnswer(name), cut)).toEqual(told);
  });
});

const event = (chunk: object) => `data: ${JSON.stringify(chunk)}\n\n`;
const piece = (delta: object, finish_reason: string | null = null) =>
  event({ choices: [{ index: 0, delta, finish_reason }] });
const call = (fields: object) => piece({ tool_calls: [fields] });
const finish = (reason: string) => piece({}, reason);
const usage = (completion_tokens: number) =>
  event({ choices: [], usage: { prompt_tokens: 9, completion_tokens } });
const done = "data: [DONE]\n\n";
const hi = piece({ content: "hi" });
const unfinished = "The model server ended its answer before it was complete";

describe("an answer", () => {
  it.each<[string, string, unknown[]]>([
    [
      "without [DONE]",
      hi + finish("stop"),
      [
        ["text", "hi"],
        ["end", "end_turn", undefined, 1],
      ],
    ],
    [
      "without usage",
      hi + finish("stop") + done,
      [
        ["text", "hi"],
        ["end", "end_turn", undefined, 1],
      ],
    ],
    [
      "with \\r\\n and comments",
      `: ping\r\n\r\n${(hi + finish("stop") + done).replaceAll("\n", "\r\n")}`,
      [
        ["text", "hi"],
        ["end", "end_turn", undefined, 1],
      ],
    ],
    [
      "with its last text beside the finish",
      piece({ content: "hi" }, "stop") + done,
      [
        ["text", "hi"],
        ["end", "end_turn", undefined, 1],
      ],
    ],
    ["that was filtered", finish("content_filter") + done, [["end", "refusal", undefined, 0]]],
    [
      "with nothing of ours behind [DONE]",
      hi + finish("stop") + done + "data: garbage\n\n",
      [
        ["text", "hi"],
        ["end", "end_turn", undefined, 1],
      ],
    ],
  ])("%s is whole", async (_name, answer, told) => {
    expect(await read(answer)).toEqual(told);
    expect(await read(answer, 1)).toEqual(told);
  });

  it.each<[string, string, unknown[]]>([
    ["that is empty", "", [["ApiError", unfinished]]],
    [
      "that ends without its finish",
      hi,
      [
        ["text", "hi"],
        ["ApiError", unfinished],
      ],
    ],
    [
      "of which only [DONE] came",
      hi + done,
      [
        ["text", "hi"],
        ["ApiError", unfinished],
      ],
    ],
    [
      "cut inside an event",
      hi + 'data: {"choices":[{"del',
      [
        ["text", "hi"],
        ["ApiError", unfinished],
      ],
    ],
    [
      "with garbage inside",
      `${hi}data: <html>\n\n`,
      [
        ["text", "hi"],
        ["ApiError", "the backend sent an event that is no JSON object"],
      ],
    ],
    [
      "with a list inside",
      `${hi}data: []\n\n`,
      [
        ["text", "hi"],
        ["ApiError", "the backend sent an event that is no JSON object"],
      ],
    ],
    [
      "with an error as text",
      hi + event({ error: "out of memory" }),
      [
        ["text", "hi"],
        ["ApiError", "out of memory"],
      ],
    ],
    [
      "with an unknown finish",
      hi + finish("error"),
      [
        ["text", "hi"],
        ["ApiError", 'The model server ended its answer with "error"'],
      ],
    ],
  ])("%s is an error behind what was said", async (_name, answer, told) => {
    expect(await read(answer)).toEqual(told);
    expect(await read(answer, 1)).toEqual(told);
  });
});

describe("tool calls", () => {
  const name = { name: "f" };
  const end = ["end", "tool_use", undefined, expect.any(Number)];
  it.each<[string, string, unknown[]]>([
    ["without arguments", call({ index: 0, id: "a", function: name }), [["call", "f", "{}"], end]],
    [
      "with null for arguments",
      call({ index: 0, id: "a", function: { ...name, arguments: null } }),
      [["call", "f", "{}"], end],
    ],
    [
      "with an object for arguments",
      call({ index: 0, id: "a", function: { ...name, arguments: { x: 1 } } }),
      [["call", "f", '{"x":1}'], end],
    ],
    [
      "whole in one piece",
      call({ index: 0, id: "a", function: { ...name, arguments: '{"x":1}' } }),
      [["call", "f", '{"x":1}'], end],
    ],
    [
      "that repeat id and name in each piece",
      call({ index: 0, id: "a", function: { ...name, arguments: '{"x"' } }) +
        call({ index: 0, id: "a", function: { ...name, arguments: ":1}" } }),
      [["call", "f", '{"x":1}'], end],
    ],
    [
      "that all have the index 0",
      call({ index: 0, id: "a", function: { ...name, arguments: "{}" } }) +
        call({ index: 0, id: "b", function: { ...name, arguments: "{}" } }),
      [["call", "f", "{}"], ["call", "f", "{}"], end],
    ],
    [
      "without an index",
      call({ id: "a", function: { ...name, arguments: '{"x"' } }) +
        call({ function: { arguments: ":1}" } }) +
        call({ id: "b", function: { ...name, arguments: "{}" } }),
      [["call", "f", '{"x":1}'], ["call", "f", "{}"], end],
    ],
    [
      "without an id",
      call({ index: 0, function: { ...name, arguments: "{}" } }) +
        call({ index: 1, function: { ...name, arguments: "{}" } }),
      [["call", "f", "{}"], ["call", "f", "{}"], end],
    ],
    [
      "whose name comes behind the first arguments",
      call({ index: 0, id: "a", function: { arguments: '{"x"' } }) +
        call({ index: 0, function: { ...name, arguments: ":1}" } }),
      [["call", "f", '{"x":1}'], end],
    ],
    [
      "with blanks between their pieces",
      call({ index: 0, id: "a", function: { ...name, arguments: '{"x"' } }) +
        piece({ content: "\n" }) +
        call({ index: 0, function: { arguments: ":1}" } }),
      [["call", "f", '{"x":1}'], end],
    ],
    [
      "with text behind, which follows",
      call({ index: 0, id: "a", function: { ...name, arguments: "{}" } }) + piece({ content: "Done." }),
      [["call", "f", "{}"], ["text", "Done."], end],
    ],
  ])("%s", async (_name, pieces, told) => {
    for (const cut of [1, 7, Infinity])
      expect(await read(pieces + finish("tool_calls") + done, cut)).toEqual(told);
    expect(await read(pieces + finish("stop") + done)).toEqual(told);
  });

  it.each<[string, string, string]>([
    ["whose arguments are cut", '{"x":', "the model's call of f has arguments that are no JSON object"],
    ["whose arguments are a list", "[1]", "the model's call of f has arguments that are no JSON object"],
    [
      "whose arguments are nested without an end",
      `{"x":${"[".repeat(10_000)}${"]".repeat(10_000)}}`,
      "the model's call of f has arguments nested deeper than 495 levels",
    ],
  ])("%s are an error", async (_name, json, message) => {
    const pieces = call({ index: 0, id: "a", function: { ...name, arguments: json } });
    expect(await read(pieces + finish("tool_calls") + done)).toEqual([
      ["call", "f", json],
      ["ApiError", message],
    ]);
  });

  it("without a name are an error", async () => {
    const pieces = call({ index: 0, id: "a", function: { arguments: "{}" } });
    expect(await read(pieces + finish("tool_calls") + done)).toEqual([
      ["ApiError", "the model's tool call has no name"],
    ]);
  });

  it("are passed on piece by piece, as they come", async () => {
    let isNext = false;
    async function* chunks() {
      yield {
        choices: [
          { delta: { tool_calls: [{ index: 0, id: "a", function: { name: "f", arguments: '{"x"' } }] } },
        ],
      };
      isNext = true;
      yield { choices: [{ delta: { tool_calls: [{ index: 0, function: { arguments: ":1}" } }] } }] };
    }
    const events = toGenerationEvents(chunks(), context);
    expect((await events.next()).value).toEqual({ type: "tool_use_start", name: "f" });
    expect((await events.next()).value).toEqual({ type: "tool_use_input", partialJson: '{"x"' });
    expect(isNext).toBe(false);
  });
});

describe("a call that the server lost", () => {
  const lost = async (answer: string) => {
    const events = collect(toGenerationEvents(decodeChunks(cutBytes(answer, Infinity)), context));
    const error = await events.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    return error instanceof LostCallError ? { end: error.end?.stopReason } : error;
  };

  it("shows in tokens that did not come out", async () => {
    expect(await lost(finish("stop") + usage(40) + done)).toEqual({ end: undefined });
    expect(await lost(hi + finish("stop") + usage(40) + done)).toEqual({ end: "end_turn" });
  });

  it("shows in a finish that speaks of calls", async () => {
    expect(await lost(finish("tool_calls") + usage(1) + done)).toEqual({ end: undefined });
  });

  it("is not suspected behind hidden reasoning, nor without tools", async () => {
    const completion_tokens_details = { reasoning_tokens: 39 };
    const reasoned = event({ choices: [], usage: { completion_tokens: 40, completion_tokens_details } });
    expect(await lost(hi + finish("stop") + reasoned + done)).toBeUndefined();
    const chunks = decodeChunks(cutBytes(hi + finish("stop") + usage(40), Infinity));
    const events = await collect(toGenerationEvents(chunks, { ...context, offersTools: false }));
    expect(events.at(-1)).toMatchObject({ type: "end", stopReason: "end_turn" });
  });

  it("is not suspected in a plain or a cut answer", async () => {
    expect(await lost(hi + finish("stop") + usage(3) + done)).toBeUndefined();
    expect(await lost(finish("length") + usage(40) + done)).toBeUndefined();
    expect(await lost(finish("stop") + usage(1) + done)).toBeUndefined();
  });
});

it("loses nothing and mixes nothing, in whatever order and pieces it comes", async () => {
  const text = fc.string({ unit: fc.constantFrom("a", " ", "🙂", "\n"), minLength: 1, maxLength: 6 });
  const said = fc.oneof(
    text.map((content) => ({
      said: content,
      thought: "",
      called: [] as string[],
      answer: piece({ content }),
    })),
    text.map((reasoning) => ({ said: "", thought: reasoning, called: [], answer: piece({ reasoning }) })),
    fc.tuple(text, fc.integer({ min: 1, max: 9 }), fc.uuid()).map(([value, size, id]) => {
      const json = JSON.stringify({ value });
      const parts = json.match(new RegExp(`.{1,${size}}`, "gsu")) ?? [];
      const first = call({ index: 0, id, function: { name: "f", arguments: "" } });
      const rest = parts.map((part) => call({ index: 0, function: { arguments: part } })).join("");
      return { said: "", thought: "", called: [json], answer: first + rest };
    }),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(said, { maxLength: 8 }),
      fc.integer({ min: 1, max: 40 }),
      async (parts, cut) => {
        const told = (await read(
          parts.map(({ answer }) => answer).join("") + finish("stop"),
          cut,
        )) as string[][];
        const all = (type: string, index = 1) =>
          told.filter((one) => one[0] === type).map((one) => one[index]);
        expect(all("call", 2)).toEqual(parts.flatMap(({ called }) => called));
        expect(all("thinking").join("")).toBe(parts.map(({ thought }) => thought).join(""));
        // Blanks alone between two calls are left out.
        expect(all("text").join("").replaceAll(/\s/g, "")).toBe(
          parts
            .map((one) => one.said)
            .join("")
            .replaceAll(/\s/g, ""),
        );
        expect(told.at(-1)?.[0]).toBe("end");
      },
    ),
    { numRuns: 300 },
  );
});

it("measures prefill and decoding by the clock, or takes what llama.cpp measured", async () => {
  const answer = hi + piece({ content: "!" }) + finish("stop");
  const endOf = async (text: string) => {
    let now = 0;
    const events = toGenerationEvents(decodeChunks(cutBytes(text, Infinity)), {
      ...context,
      now: () => (now += 1000),
    });
    for await (const told of events) if (told.type === "end") return told;
    return undefined;
  };
  expect(await endOf(answer)).toMatchObject({ prefillSeconds: 1, decodeSeconds: 1 });
  const timings = event({ choices: [], timings: { prompt_ms: 250, predicted_ms: 1500 } });
  expect(await endOf(answer + timings)).toMatchObject({ prefillSeconds: 0.25, decodeSeconds: 1.5 });
});
