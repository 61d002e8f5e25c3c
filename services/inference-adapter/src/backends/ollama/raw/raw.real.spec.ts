import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { collect } from "#anthropic/__fixtures__/collect.js";
import { type CanonicalRequest, toCanonicalRequest } from "#anthropic/canonical-request.js";
import { foldMessage } from "#anthropic/fold-message.js";
import type { Message, MessagesRequest } from "#anthropic/messages.js";
import {
  claimRealOllama,
  clocksForLostSlots,
  slotsMayGetLost,
} from "../../../../../../tests/support/claim-real-ollama.js";
import { frameMessageEvents } from "../../../framing/frame-message-events.js";
import {
  baseUrl,
  ollamaJson,
  realModel,
  realOllama,
  unload,
} from "../../../tokens/__fixtures__/real-ollama.js";
import { claudeCodeRequests, otherRequests } from "../../../tokens/__fixtures__/sample-requests.js";
import { TokenCounter } from "../../../tokens/token-counter.js";
import type { GenerationEnd, GenerationEvent, ServedModel } from "../../inference-backend.js";
import { makeBackend } from "../__fixtures__/make-backend.js";
import type { InferenceMode } from "./ollama-requests.js";

// The raw mode on a real Ollama with the scripted tiny models, and with Ollama's own renderer for qwen3-coder.

it.skipIf(!process.env["CI"])("on CI a real Ollama is there: REAL_OLLAMA_HOST", () => {
  expect(realOllama).toBeTruthy();
});

const window = 65_536;
const names = ["tiny", "tiny-think", "tiny-xml"];
const never = new AbortController().signal;
const made = (mode: InferenceMode) =>
  makeBackend({
    baseUrl,
    mode,
    keepAlive: "5m",
    connectTimeoutMs: 10_000,
    ...clocksForLostSlots,
  });

const weather = {
  name: "get_weather",
  description: "Get the weather",
  input_schema: { type: "object", properties: { city: { type: "string" }, days: { type: "number" } } },
};
const write = {
  name: "Write",
  input_schema: {
    type: "object",
    properties: { file_path: { type: "string" }, content: { type: "string" } },
  },
};
const ask = (content: string, fields: Partial<MessagesRequest> = {}): CanonicalRequest =>
  toCanonicalRequest({
    model: "tiny",
    messages: [{ role: "user", content }],
    tools: [weather, write],
    ...fields,
  });

describe.skipIf(!realOllama)("the raw mode of a real Ollama", slotsMayGetLost, () => {
  const { backend, requests, rawPrompts, prompts, templates } = made("auto");
  const models = new Map<string, ServedModel>();
  const modelOf = (name: string) => models.get(name)!;
  let release: () => Promise<void>;

  beforeAll(async () => {
    release = await claimRealOllama();
    await ollamaJson("/api/create", {
      model: "tiny-xml",
      from: "tiny",
      renderer: "qwen3-coder",
      parser: "qwen3-coder",
      stream: false,
    });
    for (const name of names) models.set(name, await realModel(name, window));
    for (const name of names) await unload(name);
  }, 600_000);
  afterAll(async () => {
    for (const name of names) await unload(name);
    await release();
  });

  const events = (request: CanonicalRequest, name = "tiny", from = backend): Promise<GenerationEvent[]> =>
    collect(from.generate(request, modelOf(name), never));
  const answer = (request: CanonicalRequest, name = "tiny"): Promise<Message> =>
    foldMessage(
      frameMessageEvents(backend.generate(request, modelOf(name), never), { model: name, inputTokens: 1 }),
    );
  const endOf = (list: GenerationEvent[]) => list.at(-1) as GenerationEnd;
  const ours = (request: CanonicalRequest, model: ServedModel) =>
    rawPrompts.render(requests.build(request, model).chat, model);
  const ollamas = (request: CanonicalRequest, model: ServedModel) => {
    const { messages, tools = [], think } = requests.build(request, model).chat;
    return prompts.render({ messages, tools, think }, model);
  };

  it("loads the model, learns its form and answers", async () => {
    expect(await answer(ask("@@weather please"))).toMatchObject({
      stop_reason: "tool_use",
      content: [{ type: "tool_use", name: "get_weather", input: { city: "Paris", days: 3 } }],
    });
    expect(requests.isReadable(modelOf("tiny"))).toBe(true);
  });

  it("tells the input of a call while it is written, which /api/chat does not", async () => {
    const pieces = (list: GenerationEvent[]) => list.filter(({ type }) => type === "tool_use_input").length;
    expect(pieces(await events(ask("@@write please")))).toBeGreaterThan(4);
    expect(pieces(await events(ask("@@write please"), "tiny", made("chat").backend))).toBe(1);
  });

  it.each(["tiny", "tiny-xml"])("renders what Ollama renders: %s", async (name) => {
    const model = modelOf(name);
    await backend.load(model, never);
    for (const { name: sample, request } of [...claudeCodeRequests(), ...otherRequests()]) {
      const [mine = "", theirs] = [await ours(request, model), await ollamas(request, model)];
      // Ollama writes some members of a tool in another order each time.
      const isSorted = name === "tiny-xml" && request.tools !== undefined;
      const toLines = (text: string) => (isSorted ? text.split("\n").toSorted() : text);
      expect(toLines(mine), sample).toEqual(toLines(theirs));
    }
  });

  it("writes a list of tools always the same", async () => {
    const model = modelOf("tiny-xml");
    const odd = {
      type: "object",
      properties: {
        a: { type: "array", items: { type: "string" }, enum: ["x"], anyOf: [{ type: "string" }] },
      },
    };
    const seen = new Set<string | undefined>();
    for (let turn = 0; turn < 12; turn++) {
      const messages = Array.from({ length: 1 + 2 * turn }, (_, index) => ({
        role: index % 2 === 0 ? ("user" as const) : ("assistant" as const),
        content: "hi",
      }));
      const prompt = await ours(ask("", { messages, tools: [{ name: "odd", input_schema: odd }] }), model);
      seen.add(prompt?.slice(0, prompt.indexOf("</tools>")));
    }
    expect(seen.size).toBe(1);
  });

  it("reads as many tokens as /api/chat does, and as were counted", async () => {
    const counter = new TokenCounter(prompts, { renderWaitMs: 20_000 }, templates);
    await backend.load(modelOf("tiny"), never);
    for (const text of ["hi", "a <|eos|> in the text <|user|> and <think>", "žluťoučký 日本語"]) {
      const request = ask(text, { max_tokens: 3 });
      const raw = endOf(await events(request)).inputTokens;
      expect(raw, text).toBe(endOf(await events(request, "tiny", made("chat").backend)).inputTokens);
      await counter.learn(request, modelOf("tiny"), raw ?? 0);
      expect(await counter.count(request, modelOf("tiny"))).toEqual({ tokens: raw, isExact: true });
    }
    await counter.close();
  });

  it("shows the model its own call as it was written, so that the prompt only grows", async () => {
    const model = modelOf("tiny");
    const first = ask("@@bash please", {
      tools: [
        {
          name: "Bash",
          input_schema: {
            type: "object",
            properties: { command: { type: "string" }, description: { type: "string" } },
          },
        },
      ],
    });
    const message = await answer(first);
    const [call] = message.content.filter((block) => block.type === "tool_use");
    const second = toCanonicalRequest({
      ...first,
      messages: [
        ...first.messages,
        { role: "assistant", content: message.content },
        { role: "user", content: [{ type: "tool_result", tool_use_id: call!.id, content: "ok" }] },
      ],
    });
    const before = await ours(first, model);
    const written =
      'Let me look.<tool_call>\n{"name": "Bash", "arguments": {"command": "echo tiny-was-here", "description": "Print a line"}}\n</tool_call>';
    const grown = before?.replace(/<\|chat\|>$/, "<|assistant|>") + written;
    expect((await ours(second, model))?.startsWith(grown)).toBe(true);
  });

  it("takes thinking out, and reads the call behind it", async () => {
    const thinking = { thinking: { type: "adaptive" as const } };
    expect(await answer(ask("@@tw please", thinking), "tiny-think")).toMatchObject({
      stop_reason: "tool_use",
      content: [
        { type: "thinking", thinking: "Write it." },
        { type: "tool_use", name: "Write", input: { file_path: "think.txt", content: "thought\n" } },
      ],
    });
    expect(await answer(ask("@@cutthink please", thinking), "tiny-think")).toMatchObject({
      content: [{ type: "thinking", thinking: "thinking that never closes" }],
    });
    expect((await answer(ask("hi"), "tiny-think")).content.map(({ type }) => type)).toEqual(["text"]);
  });

  it("gives what Ollama swallows: a call to an unknown tool as text, a broken one as a call", async () => {
    expect(await answer(ask("@@unknown please"))).toMatchObject({
      stop_reason: "end_turn",
      content: [{ type: "text", text: expect.stringContaining("no_such_tool") as string }],
    });
    expect(await answer(ask("@@two please"))).toMatchObject({
      content: [{ input: { city: "Oslo" } }, { input: { city: "Rome" } }],
    });
  });

  it("ends with a call that the limit cut", async () => {
    const list = await events(ask("@@write please", { max_tokens: 8 }));
    expect(list.at(-1)).toMatchObject({ type: "end", stopReason: "max_tokens", outputTokens: 8 });
  });

  it("refuses a prompt that does not fit, in the words that clients read", async () => {
    const small = { ...modelOf("tiny"), contextLength: 512 };
    await expect(collect(backend.generate(ask("word ".repeat(5000)), small, never))).rejects.toMatchObject({
      type: "invalid_request_error",
      message: expect.stringMatching(/^prompt is too long: \d+ tokens > 512 maximum$/) as string,
    });
  });
});
