import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { collect } from "#anthropic/__fixtures__/collect.js";
import { toCanonicalRequest } from "#anthropic/canonical-request.js";
import { foldMessage } from "#anthropic/fold-message.js";
import type { Message, MessagesRequest } from "#anthropic/messages.js";
import { frameMessageEvents } from "../../framing/frame-message-events.js";
import type { BackendModel, GenerationEvent } from "../inference-backend.js";

import { makeBackend } from "./__fixtures__/make-backend.js";
import { parseOllamaHost } from "./parse-ollama-host.js";
import {
  claimRealOllama,
  clocksForLostSlots,
  slotsMayGetLost,
} from "../../../../../tests/support/claim-real-ollama.js";

// Against a real Ollama with the scripted tiny models: what the fakes are believed to do, it does.

const host = process.env["REAL_OLLAMA_HOST"];

it.skipIf(!process.env["CI"])("on CI a real Ollama is there: REAL_OLLAMA_HOST", () => {
  expect(host).toBeTruthy();
});

describe.skipIf(!host)("a real Ollama", slotsMayGetLost, () => {
  const { backend } = makeBackend({
    mode: "chat",
    baseUrl: parseOllamaHost(host ?? ""),
    keepAlive: "5m",
    connectTimeoutMs: 10_000,
    ...clocksForLostSlots,
  });
  let models: BackendModel[] = [];
  let release: () => Promise<void>;
  beforeAll(async () => {
    release = await claimRealOllama();
    models = await backend.listModels();
  }, 600_000);
  afterAll(() => release());

  const find = (name: string, contextLength?: number) => {
    const model = models.find((listed) => listed.name === `${name}:latest`);
    if (!model) throw new Error(`the Ollama at ${host} has no model ${name}`);
    const window = contextLength ?? Math.min(32_768, model.trainedContextLength);
    return { ...model, contextLength: window, fingerprint: "f" };
  };
  const never = new AbortController().signal;
  const request = (content: string, fields: Partial<MessagesRequest> = {}) =>
    toCanonicalRequest({ model: "tiny", messages: [{ role: "user", content }], ...fields });
  const answer = (name: string, content: string, fields?: Partial<MessagesRequest>): Promise<Message> =>
    foldMessage(
      frameMessageEvents(backend.generate(request(content, fields), find(name), never), {
        model: name,
        inputTokens: 1,
      }),
    );
  const weather = {
    name: "get_weather",
    description: "Get the weather",
    input_schema: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
  };

  it("says what its models can do", () => {
    expect(find("tiny").capabilities).toEqual(new Set(["tools"]));
    expect(find("tiny-think").capabilities).toContain("thinking");
    expect(find("tiny-notools").capabilities).toEqual(new Set());
  });

  it("answers with text", async () => {
    const message = await answer("tiny", "hi");
    expect(message).toMatchObject({ stop_reason: "end_turn", content: [{ type: "text" }] });
    expect(message.content[0]).toMatchObject({ text: expect.stringContaining("Ollama") as string });
    expect(message.usage.input_tokens).toBeGreaterThan(1);
    expect(message.usage.output_tokens).toBeGreaterThan(5);
  });

  it("calls a tool, and goes on after its result", async () => {
    const message = await answer("tiny", "@@weather please", { tools: [weather] });
    expect(message).toMatchObject({
      stop_reason: "tool_use",
      content: [{ type: "tool_use", name: "get_weather", input: { city: expect.any(String) as string } }],
    });
    const next = toCanonicalRequest({
      model: "tiny",
      tools: [weather],
      messages: [
        { role: "user", content: "@@weather please" },
        { role: "assistant", content: message.content },
        {
          role: "user",
          content: message.content.flatMap((block) =>
            block.type === "tool_use"
              ? [{ type: "tool_result" as const, tool_use_id: block.id, content: "sunny" }]
              : [],
          ),
        },
      ],
    });
    const events = await collect(backend.generate(next, find("tiny"), never));
    expect(events.at(-1)).toMatchObject({ type: "end" });
  });

  it("takes tools with the oddest schemas", async () => {
    const input_schema = {
      type: ["object", "null"],
      required: true,
      properties: {
        a: true,
        b: { type: 5, description: 5, enum: {}, anyOf: {} },
        c: { anyOf: [true, { type: "object", properties: { d: false } }] },
        e: { type: "object", properties: [] },
      },
    };
    const message = await answer("tiny", "hi", { tools: [{ name: "odd", input_schema }] });
    expect(message.stop_reason).toBe("end_turn");
  });

  it("thinks only when it is asked to", async () => {
    const types = async (thinking: MessagesRequest["thinking"]) =>
      (await answer("tiny-think", "hi", { thinking })).content.map(({ type }) => type);
    expect(await types({ type: "adaptive" })).toEqual(["thinking", "text"]);
    expect(await types({ type: "disabled" })).toEqual(["text"]);
    expect(await types(undefined)).toEqual(["text"]);
  });

  it("stops at a stop sequence, which is told", async () => {
    const message = await answer("tiny", "@@stop", { stop_sequences: ["NEVER", "STOPHERE"] });
    expect(message).toMatchObject({
      stop_reason: "stop_sequence",
      stop_sequence: "STOPHERE",
      content: [{ type: "text", text: "alpha beta " }],
    });
  });

  it("stops at max_tokens", async () => {
    const message = await answer("tiny", "hi", { max_tokens: 5 });
    expect(message).toMatchObject({ stop_reason: "max_tokens", usage: { output_tokens: 5 } });
  });

  it("does not know every model", async () => {
    const unknown = { ...find("tiny"), name: "nope:7b" };
    await expect(collect(backend.generate(request("hi"), unknown, never))).rejects.toMatchObject({
      type: "not_found_error",
      message: "Ollama: model 'nope:7b' not found",
    });
  });

  it("refuses a prompt that does not fit, in the words that clients read", async () => {
    const long = request("word ".repeat(5000));
    await expect(collect(backend.generate(long, find("tiny-b", 512), never))).rejects.toMatchObject({
      type: "invalid_request_error",
      message: expect.stringMatching(/^prompt is too long: \d+ tokens > 512 maximum$/) as string,
    });
  });

  it("ends at the window's end, with what it has written", async () => {
    const events = await collect(backend.generate(request("@@loop"), find("tiny-b", 512), never));
    expect(events.at(-1)).toMatchObject({ type: "end", stopReason: "max_tokens" });
    expect(events.length).toBeLessThan(512);
  });

  it("that is given up in the middle is free for the next", async () => {
    const giving = new AbortController();
    const written: GenerationEvent[] = [];
    await expect(async () => {
      for await (const event of backend.generate(request("@@loop"), find("tiny"), giving.signal)) {
        written.push(event);
        if (written.length === 20) giving.abort(new Error("gone"));
      }
    }).rejects.toMatchObject({ type: "api_error" });
    expect(await answer("tiny", "hi")).toMatchObject({ stop_reason: "end_turn" });
  });
});
