import { describe, expect, it } from "vitest";
import { collect } from "#anthropic/__fixtures__/collect.js";
import { LostCallError } from "../lost-call.error.js";
import type { OllamaChatChunk } from "./ollama-wire.js";
import { toGenerationEvents } from "./to-generation-events.js";

async function* read(chunks: OllamaChatChunk[], onClose = () => {}): AsyncGenerator<OllamaChatChunk> {
  try {
    yield* chunks;
  } finally {
    onClose();
  }
}

const translate = (...chunks: OllamaChatChunk[]) => collect(toGenerationEvents(read(chunks)));
const call = (name: string, args: Record<string, unknown>): OllamaChatChunk => ({
  message: { content: "", tool_calls: [{ function: { name, arguments: args } }] },
});
const end: OllamaChatChunk = {
  done: true,
  done_reason: "stop",
  load_duration: 1e9,
  prompt_eval_count: 7,
  prompt_eval_duration: 2e9,
  eval_count: 5,
  eval_duration: 3e9,
};
const ended = {
  type: "end",
  stopReason: "end_turn",
  stopSequence: null,
  inputTokens: 7,
  outputTokens: 5,
  loadSeconds: 1,
  prefillSeconds: 2,
  decodeSeconds: 3,
};

describe("lines of Ollama become what the model does", () => {
  it("thinking, then text", async () => {
    expect(
      await translate({ message: { content: "", thinking: "hm" } }, { message: { content: "yes" } }, end),
    ).toEqual([{ type: "thinking", thinking: "hm" }, { type: "text", text: "yes" }, ended]);
  });

  it("an error that is null is none", async () => {
    expect(await translate({ message: { content: "yes" }, error: null }, end)).toEqual([
      { type: "text", text: "yes" },
      ended,
    ]);
  });

  it("thinking comes before text and calls of the same line", async () => {
    const line = {
      message: { content: "b", thinking: "a", tool_calls: [{ function: { name: "f", arguments: {} } }] },
    };
    expect((await translate(line, end)).map(({ type }) => type)).toEqual([
      "thinking",
      "text",
      "tool_use_start",
      "tool_use_input",
      "end",
    ]);
  });

  it.each([500, 10_000])("a call with %d levels of lists is lost", async (levels) => {
    const args = JSON.parse(`{"a":${"[".repeat(levels)}${"]".repeat(levels)}}`) as Record<string, unknown>;
    await expect(translate(call("f", args), end)).rejects.toThrow(
      new LostCallError("The model's call of f has arguments nested deeper than 495 levels"),
    );
  });

  it("a call keeps its arguments, its id is left behind", async () => {
    expect(await translate(call("f", { deep: { list: [1, "ž", null] } }), end)).toEqual([
      { type: "tool_use_start", name: "f" },
      { type: "tool_use_input", partialJson: '{"deep":{"list":[1,"ž",null]}}' },
      { ...ended, stopReason: "tool_use" },
    ]);
  });

  it("several calls in one line and calls without arguments", async () => {
    const line = {
      message: { tool_calls: [{ function: { name: "f" } }, { function: { name: "g", arguments: {} } }] },
    } as unknown as OllamaChatChunk;
    expect((await translate(line, end)).slice(0, 4)).toEqual([
      { type: "tool_use_start", name: "f" },
      { type: "tool_use_input", partialJson: "{}" },
      { type: "tool_use_start", name: "g" },
      { type: "tool_use_input", partialJson: "{}" },
    ]);
  });

  it("what the last line holds comes before the end", async () => {
    expect(await translate({ ...end, message: { content: "all" } })).toEqual([
      { type: "text", text: "all" },
      ended,
    ]);
  });

  it("a cut call is an ending by length", async () => {
    expect(await translate(call("f", {}), { ...end, done_reason: "length" })).toMatchObject([
      {},
      {},
      { stopReason: "max_tokens" },
    ]);
  });

  it("an end without counts leaves the prompt's tokens open", async () => {
    expect(await translate({ message: { content: "x" } }, { done: true })).toMatchObject([
      {},
      { inputTokens: undefined, outputTokens: 0, loadSeconds: 0 },
    ]);
  });

  it.each<[string, OllamaChatChunk, boolean]>([
    ["no token at all", { done: true, done_reason: "stop", eval_count: 0 }, true],
    ["the end token alone", { done: true, done_reason: "stop", eval_count: 1 }, true],
    ["tokens that never came out", { done: true, done_reason: "stop", eval_count: 2 }, false],
    ["tokens cut by the limit", { done: true, done_reason: "length", eval_count: 12 }, true],
    ["a loaded model", { done: true, done_reason: "load" }, false],
    ["an unloaded model", { done: true, done_reason: "unload" }, false],
  ])("nothing but %s", async (_name, chunk, isAnswer) => {
    const events = translate(chunk);
    if (isAnswer) expect(await events).toHaveLength(1);
    else await expect(events).rejects.toMatchObject({ type: "api_error" });
  });

  it.each([
    ["an error mid-stream", "the runner died", "api_error"],
    ["an error of a busy server", "server busy, please try again", "overloaded_error"],
  ])("%s ends it", async (_name, error, type) => {
    await expect(translate({ message: { content: "x" } }, { error })).rejects.toMatchObject({
      type,
      message: `Ollama: ${error}`,
    });
  });

  it("nothing is read behind the end, and the lines are closed", async () => {
    let isClosed = false;
    const chunks = read(
      [{ ...end, message: { content: "x" } }, { error: "never read" }],
      () => (isClosed = true),
    );
    expect(await collect(toGenerationEvents(chunks))).toEqual([{ type: "text", text: "x" }, ended]);
    expect(isClosed).toBe(true);
  });

  it("closing it in the middle closes the lines", async () => {
    let isClosed = false;
    const chunks = read([{ message: { content: "a" } }, end], () => (isClosed = true));
    for await (const event of toGenerationEvents(chunks)) {
      expect(event).toEqual({ type: "text", text: "a" });
      break;
    }
    expect(isClosed).toBe(true);
  });
});

describe("a line whose parts are of other types", () => {
  it.each<[string, object]>([
    ["a message", { message: "hi" }],
    ["a text", { message: { content: ["hi"] } }],
    ["a thought", { message: { thinking: [] } }],
    ["calls", { message: { tool_calls: {} } }],
    ["a call", { message: { tool_calls: [null] } }],
    ["a call's name", { message: { tool_calls: [{ function: { name: 7, arguments: {} } }] } }],
    ["a call's input", { message: { tool_calls: [{ function: { name: "f", arguments: "{}" } }] } }],
    ["the end", { done: "yes" }],
    ["a reason", { done: true, done_reason: {} }],
    ["a count", { done: true, eval_count: "5" }],
    ["a duration", { done: true, eval_duration: -1 }],
  ])("is an error that says so: %s", async (_name, line) => {
    await expect(translate(line as OllamaChatChunk, end)).rejects.toMatchObject({
      type: "api_error",
      message: "Ollama sent a line that is no part of an answer",
    });
  });
});
