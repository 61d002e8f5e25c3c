import { describe, expect, it } from "vitest";
import { collect } from "#anthropic/__fixtures__/collect.js";
import { cutBytes } from "#anthropic/__fixtures__/cut-bytes.js";
import { toApiError } from "#anthropic/errors.js";
import type { MessageStreamEvent } from "#anthropic/events.js";
import { foldMessage } from "#anthropic/fold-message.js";
import type { OutputBlock } from "#anthropic/messages.js";
import { decodeEvents, encodeEvent } from "#anthropic/sse.js";
import { frameMessageEvents } from "../../framing/frame-message-events.js";
import { decodeJsonLines } from "../decode-json-lines.js";
import { exchanges, runnerKilled, snapshotPath } from "./__fixtures__/read-exchange.js";
import type { OllamaChatChunk } from "./ollama-wire.js";
import { toGenerationEvents } from "./to-generation-events.js";

// Every answer of a real Ollama that was recorded, through the whole chain: bytes → lines → generation events →
// Messages events, in the order in which a client gets them.

const toMessageEvents = (answer: string, cut: number) =>
  frameMessageEvents(toGenerationEvents(decodeJsonLines<OllamaChatChunk>(cutBytes(answer, cut))), {
    model: "m",
    inputTokens: 1,
  });

/** The stream as a client reads it. Ids are numbered in their order; an error ends it. */
async function toTranscript(events: AsyncIterable<MessageStreamEvent>): Promise<string> {
  let text = "";
  try {
    for await (const event of events) text += encodeEvent(event);
  } catch (error) {
    text += encodeEvent({ type: "error", error: toApiError(error).toBody().error });
  }
  const ids = new Map<string, number>();
  return text.replace(/(msg|toolu)_01\w+/g, (id, kind: string) => {
    if (!ids.has(id)) ids.set(id, ids.size);
    return `${kind}_${ids.get(id)}`;
  });
}

/** What the lines say, put together without any of our own stages. */
function toExpectedContent(lines: OllamaChatChunk[]): object[] {
  const joined = (part: "content" | "thinking") => lines.map(({ message }) => message?.[part] ?? "").join("");
  const thinking = joined("thinking");
  const text = joined("content");
  return [
    ...(thinking === "" ? [] : [{ type: "thinking", thinking }]),
    ...(text === "" ? [] : [{ type: "text", text }]),
    ...lines
      .flatMap(({ message }) => message?.tool_calls ?? [])
      .map((call) => ({ type: "tool_use", name: call.function.name, input: call.function.arguments })),
  ];
}

const toComparable = (block: OutputBlock): object => {
  if (block.type === "thinking") return { type: block.type, thinking: block.thinking };
  if (block.type === "tool_use") return { type: block.type, name: block.name, input: block.input };
  return block;
};

const parseLines = (answer: string) =>
  answer
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as OllamaChatChunk);

const cuts = [1, 7, Infinity];
const swallowed = ["chat-tool-badjson-stream", "chat-tool-unknown-name-stream"];
const answers = exchanges.filter(
  ({ path, status, name }) => path === "/api/chat" && status === 200 && name !== "debug-render",
);
const noAnswers = [...swallowed, "chat-load-only", "unload"];
const wholeAnswers = answers.filter(({ name }) => !noAnswers.includes(name));

it("the recordings are there", () => {
  expect(answers.length).toBeGreaterThanOrEqual(30);
});

describe.each(answers)("the recorded answer $name", ({ name, answer }) => {
  it.each(cuts)("becomes its transcript when it comes in pieces of %d bytes", async (cut) => {
    const transcript = await toTranscript(toMessageEvents(answer, cut));
    await expect(transcript).toMatchFileSnapshot(snapshotPath("transcripts", `${name}.sse`));
  });
});

describe.each(wholeAnswers)("the recorded answer $name", ({ answer }) => {
  const lines = parseLines(answer);
  const last = lines.at(-1);

  it("folds into what its lines say", async () => {
    const message = await foldMessage(toMessageEvents(answer, 7));
    expect(message.content.map(toComparable)).toEqual(toExpectedContent(lines));
    expect(message.usage).toMatchObject({
      input_tokens: last?.prompt_eval_count ?? 1,
      output_tokens: last?.eval_count ?? 0,
    });
  });

  it("folds into the same message when it goes over the wire", async () => {
    const transcript = await toTranscript(toMessageEvents(answer, Infinity));
    const message = await foldMessage(decodeEvents(cutBytes(transcript, 100)));
    expect(message.content.map(toComparable)).toEqual(toExpectedContent(lines));
  });

  it("is an error wherever it is cut before its last line", async () => {
    for (let count = 0; count < lines.length; count++) {
      const cut = lines.slice(0, count).map((line) => `${JSON.stringify(line)}\n`);
      await expect(collect(toMessageEvents(cut.join(""), Infinity))).rejects.toMatchObject({
        type: "api_error",
        message: "Ollama ended its answer before it was complete",
      });
    }
  });
});

it.each([
  ["chat-text-stream", "end_turn"],
  ["chat-length-stream", "max_tokens"],
  ["ctx-loop-shift-false-stream", "max_tokens"],
  ["chat-tool-stream", "tool_use"],
  ["chat-text-then-tool-stream", "tool_use"],
  ["chat-think-tool-stream", "tool_use"],
  ["chat-tool-length-cut-stream", "max_tokens"],
  ["chat-empty-stream", "end_turn"],
])("%s ends with %s", async (name, stopReason) => {
  const { answer = "" } = answers.find((exchange) => exchange.name === name) ?? {};
  const message = await foldMessage(toMessageEvents(answer, Infinity));
  expect(message).toMatchObject({ stop_reason: stopReason, stop_sequence: null });
});

describe("an answer that is no whole one", () => {
  it.each(swallowed)("%s names what was swallowed", async (name) => {
    const { answer = "" } = answers.find((exchange) => exchange.name === name) ?? {};
    await expect(collect(toMessageEvents(answer, 7))).rejects.toMatchObject({
      type: "api_error",
      status: 500,
      message: "The model wrote 8 tokens that Ollama could not read as an answer (a malformed tool call)",
    });
  });

  it.each(cuts)("the killed runner's stream ends with its error, at %d bytes", async (cut) => {
    const transcript = await toTranscript(toMessageEvents(runnerKilled, cut));
    await expect(transcript).toMatchFileSnapshot(snapshotPath("transcripts", "chat-runner-killed.sse"));
    expect(transcript).toContain("an error was encountered while running the model: unexpected EOF");
    expect(transcript).not.toContain("message_stop");
  });

  it("an answer that was only rendered has no end", async () => {
    const { answer = "" } = exchanges.find(({ name }) => name === "debug-render") ?? {};
    await expect(collect(toMessageEvents(answer, 7))).rejects.toMatchObject({ type: "api_error" });
  });
});
