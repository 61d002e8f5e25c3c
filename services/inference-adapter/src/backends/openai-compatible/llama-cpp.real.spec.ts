import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { collect } from "#anthropic/__fixtures__/collect.js";
import { describeBackend } from "../backend.contract.js";
import {
  hasLlamaServer,
  type LlamaServer,
  startLlamaServer,
} from "../../../../../tests/support/llama-server/start-llama-server.js";
import { claudeCodeRequests, otherRequests } from "../../tokens/__fixtures__/sample-requests.js";
import type { ServedModel } from "../inference-backend.js";
import { OpenAiClient } from "./openai.client.js";
import { OpenAiCompatibleBackend } from "./openai-compatible.backend.js";
import { OpenAiServer } from "./openai-server.js";
import { ServerTokenCounter } from "./server-token-counter.js";

// Against a real llama.cpp server with the scripted tiny model.

const slowMs = 60_000;
const windowTokens = 4096;

it.skipIf(!process.env["CI"])("on CI a real llama.cpp server is there: TINY_GGUF and install.sh", () => {
  expect(hasLlamaServer).toBe(true);
});

function backendAt(baseUrl: string) {
  const server = new OpenAiServer(new OpenAiClient({ baseUrl, apiKey: "", connectTimeoutMs: 10_000 }));
  return {
    backend: new OpenAiCompatibleBackend(server, { firstEventTimeoutMs: slowMs, idleTimeoutMs: slowMs }),
    counter: new ServerTokenCounter(server),
  };
}

if (hasLlamaServer)
  describeBackend(
    "an OpenAI-compatible backend on a real llama.cpp server",
    async () => {
      const running = await startLlamaServer(windowTokens);
      return {
        ...backendAt(running.url),
        model: "tiny",
        thinkingModel: "tiny",
        windowTokens,
        close: () => running.close(),
      };
    },
    { timeout: slowMs },
  );

describe.skipIf(!hasLlamaServer)("a real llama.cpp server", { timeout: slowMs }, () => {
  let running: LlamaServer;
  let model: ServedModel;
  const never = new AbortController().signal;
  beforeAll(async () => {
    running = await startLlamaServer(131_072);
    const [listed] = await backendAt(running.url).backend.listModels();
    model = { ...listed!, contextLength: listed!.fixedContextLength!, fingerprint: "f" };
  }, slowMs);
  afterAll(() => running?.close());

  it("tells its window and that it sees no images", () => {
    expect(model.contextLength).toBe(131_072);
    expect([...model.capabilities]).toEqual(["tools", "thinking"]);
  });

  /** Of all of Claude Code's the tokens were compared once; reading them takes minutes. */
  const samples = [
    ...claudeCodeRequests().filter(({ name }) => /^(first-turn-2|after-tool-search|count-tokens)/.test(name)),
    ...otherRequests(),
  ];

  it.each(samples)("counts and reads as many tokens: $name", async (sample) => {
    const { backend, counter } = backendAt(running.url);
    await backend.listModels();
    const { tokens, isExact } = await counter.count(sample.request, model);
    const events = await collect(backend.generate({ ...sample.request, max_tokens: 1 }, model, never));
    expect(isExact).toBe(true);
    expect(events.at(-1)).toMatchObject({ type: "end", inputTokens: tokens });
  });

  it("takes tools with the oddest schemas", async () => {
    const { backend } = backendAt(running.url);
    await backend.listModels();
    const input_schema = {
      type: ["object", "null"],
      required: true,
      properties: {
        a: true,
        b: { type: 5, description: 5, enum: {}, anyOf: {} },
        c: { anyOf: [true, { type: "object", properties: { d: false } }] },
        e: { type: "object", properties: [] },
        f: { type: "array", items: true },
        g: {},
        h: { type: "object", additionalProperties: false },
      },
    };
    const messages = [{ role: "user" as const, content: [{ type: "text" as const, text: "hi" }] }];
    const request = { model: "tiny", messages, tools: [{ name: "odd", input_schema }] };
    const events = await collect(backend.generate(request, model, never));
    expect(events.at(-1)).toMatchObject({ type: "end", stopReason: "end_turn" });
  });

  it("calls the tool that it must", async () => {
    const { backend } = backendAt(running.url);
    await backend.listModels();
    const messages = [{ role: "user" as const, content: [{ type: "text" as const, text: "@@read" }] }];
    const file_path = { type: "string" };
    const tools = ["Other", "Read"].map((name) => ({
      name,
      input_schema: { type: "object", properties: { file_path }, required: ["file_path"] },
    }));
    const tool_choice = { type: "tool" as const, name: "Read" };
    const events = await collect(
      backend.generate({ model: "tiny", messages, tools, tool_choice, max_tokens: 500 }, model, never),
    );
    expect(events[0]).toEqual({ type: "tool_use_start", name: "Read" });
  });

  // Other work on the machine may slow one of the measured times: one try in three shows it.
  it("stops reading a prompt when its client leaves", { retry: 2 }, async () => {
    const { backend } = backendAt(running.url);
    await backend.listModels();
    const read = (word: string, count: number, signal = never) => {
      const content = [{ type: "text" as const, text: `${word} `.repeat(count) }];
      const request = { model: "tiny", messages: [{ role: "user" as const, content }], max_tokens: 1 };
      return collect(backend.generate(request, model, signal));
    };
    const msOf = async (run: Promise<unknown>) => {
      const startedAt = performance.now();
      await run;
      return performance.now() - startedAt;
    };
    const unread = () => randomUUID().slice(0, 4);
    const wholeMs = await msOf(read(unread(), 16_000));
    const giving = new AbortController();
    const given = read(unread(), 16_000, giving.signal);
    setTimeout(() => giving.abort(new Error("gone")), wholeMs / 10);
    await expect(given).rejects.toMatchObject({ type: "api_error" });
    const freeMs = await msOf(read("hi", 1));
    expect(freeMs).toBeLessThan(wholeMs / 2);
  });
});
