import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { collect } from "#anthropic/__fixtures__/collect.js";
import { toCanonicalRequest } from "#anthropic/canonical-request.js";
import type { MessagesRequest } from "#anthropic/messages.js";
import {
  type FakeOpenAi,
  type FakeOpenAiOptions,
  startFakeOpenAi,
} from "../../../../../tests/support/fake-openai/fake-openai.js";
import { readAnswer } from "./__fixtures__/read-answer.js";
import { OpenAiClient } from "./openai.client.js";
import { OpenAiCompatibleBackend } from "./openai-compatible.backend.js";
import { OpenAiServer } from "./openai-server.js";
import { ServerTokenCounter } from "./server-token-counter.js";

const opened: FakeOpenAi[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((fake) => fake.close()));
});

async function start(options: FakeOpenAiOptions = {}, apiKey = "") {
  const fake = await startFakeOpenAi({ contextLength: 4096, ...options });
  opened.push(fake);
  const server = new OpenAiServer(new OpenAiClient({ baseUrl: fake.url, apiKey, connectTimeoutMs: 5000 }));
  const rescues: string[] = [];
  const backend = new OpenAiCompatibleBackend(server, {
    firstEventTimeoutMs: 20_000,
    idleTimeoutMs: 20_000,
    onRescue: (kind) => rescues.push(kind),
  });
  const counter = new ServerTokenCounter(server);
  const find = async () => {
    const [listed] = await backend.listModels();
    const contextLength = listed!.fixedContextLength ?? 4096;
    return { ...listed!, contextLength, fingerprint: "f" };
  };
  const run = async (fields: Partial<MessagesRequest> = {}) =>
    collect(backend.generate(ask(fields), await find(), new AbortController().signal));
  return { fake, backend, counter, find, run, rescues };
}

const ask = (fields: Partial<MessagesRequest> = {}) =>
  toCanonicalRequest({ model: "tiny", messages: [{ role: "user", content: "hi" }], ...fields });
const words = (count: number) => [{ role: "user" as const, content: "word ".repeat(count) }];
const sentMaxTokens = (fake: FakeOpenAi) =>
  fake.chats.map(({ body }) => (body as { max_tokens?: number }).max_tokens);

describe("the key", () => {
  it("goes with every request", async () => {
    const { backend, counter, find, run } = await start({ apiKey: "sk-1" }, "sk-1");
    await backend.probe();
    expect((await counter.count(ask(), await find())).isExact).toBe(true);
    expect((await run()).at(-1)).toMatchObject({ type: "end" });
  });

  it("that is wrong is told by the variable's name, not by its value", async () => {
    const { backend } = await start({ apiKey: "sk-1" }, "sk-2");
    await expect(backend.listModels()).rejects.toMatchObject({
      type: "api_error",
      message: "The model server refused our key (401): see OPENAI_API_KEY",
    });
  });
});

describe("a model's window", () => {
  it.each(["vllm", "sglang", "llama.cpp", "lm-studio"] as const)("comes from %s", async (kind) => {
    const { backend } = await start({ kind, contextLength: 8192 });
    expect(await backend.listModels()).toMatchObject([{ name: "tiny", fixedContextLength: 8192 }]);
  });

  it("is not known of another server", async () => {
    const { backend } = await start({ kind: "other" });
    const [model] = await backend.listModels();
    expect(model).not.toHaveProperty("fixedContextLength");
  });

  it("is told of each of several models, with slashes in their names", async () => {
    const { backend } = await start({ models: ["Qwen/Qwen3-Coder", "other"] });
    expect((await backend.listModels()).map(({ name }) => name)).toEqual(["Qwen/Qwen3-Coder", "other"]);
  });
});

it("says what is wrong with a server that is none", async () => {
  const { fake, backend } = await start();
  const client = new OpenAiClient({ baseUrl: `${fake.url}/elsewhere`, apiKey: "", connectTimeoutMs: 5000 });
  await expect(client.models()).rejects.toMatchObject({ type: "not_found_error" });
  expect(backend.cancelsInPrefill).toBe(true);
  expect(backend).not.toHaveProperty("load");
});

describe("an answer that does not fit behind its prompt", () => {
  it.each(["vllm", "sglang"] as const)("is asked for again with the room that %s tells", async (kind) => {
    const { fake, run } = await start({ kind, contextLength: 8192 });
    const events = await run({ messages: words(1000), max_tokens: 8000 });
    expect(events.at(-1)).toMatchObject({ type: "end", stopReason: "end_turn" });
    const [first, second] = sentMaxTokens(fake);
    expect(first).toBe(8000);
    expect(second).toBeGreaterThan(6000);
    expect(second).toBeLessThan(7200);
  });

  it.each([
    ["vllm", 2],
    ["sglang", 1],
  ] as const)("is refused where %s leaves too little room", async (kind, tries) => {
    const { fake, run } = await start({ kind });
    await expect(run({ messages: words(3000), max_tokens: 4000 })).rejects.toMatchObject({
      type: "invalid_request_error",
      message: expect.stringMatching(/^prompt is too long: [34]\d\d\d tokens > 2048 maximum$/) as string,
    });
    expect(fake.chats).toHaveLength(tries);
  });

  it("is never asked to be longer than the window", async () => {
    const { fake, run } = await start();
    await run({ max_tokens: 100_000 });
    expect(sentMaxTokens(fake)[0]).toBe(4096);
  });

  it.each([
    ["lm-studio-error-overflow", "prompt is too long: 15857 tokens > 2048 maximum"],
    ["vllm-error-flat", "prompt is too long: 4998 tokens > 2048 maximum"],
    ["lm-studio-empty-overflow", "prompt is too long: 36011 tokens > 4096 maximum"],
  ])("is refused in a stream: %s", async (name, message) => {
    const { fake, run } = await start({ kind: "other" });
    fake.faults.push({ status: 200, body: readAnswer(name) });
    await expect(run()).rejects.toMatchObject({ type: "invalid_request_error", message });
  });
});

describe("a call", () => {
  const tools = [
    { name: "get_weather", input_schema: { type: "object", properties: { city: { type: "string" } } } },
  ];

  it("that the server let through as text becomes one", async () => {
    const { fake, run, rescues } = await start();
    fake.steps = [
      { text: '<tool_call>\n{"name": "get_weather", "arguments": {"city": "Oslo"}}\n</tool_call>' },
    ];
    const events = await run({ tools });
    expect(events.filter(({ type }) => type === "tool_use_start")).toEqual([
      { type: "tool_use_start", name: "get_weather" },
    ]);
    expect(events.at(-1)).toMatchObject({ stopReason: "tool_use" });
    expect(rescues).toHaveLength(1);
  });

  it("that the server lost is asked for once more, with another seed", async () => {
    const { fake, run, rescues } = await start();
    fake.steps = [{ swallowed: 30 }];
    await expect(run({ tools })).rejects.toMatchObject({ type: "api_error" });
    expect(fake.chats.map(({ body }) => typeof (body as { seed?: number }).seed)).toEqual([
      "undefined",
      "number",
    ]);
    expect(rescues).toEqual(["retry"]);
  });
});

it("uses the connection of the answer before", async () => {
  const { fake, run } = await start();
  await run();
  const before = fake.connections;
  for (let turn = 0; turn < 20; turn++) {
    await run();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  expect(fake.connections - before).toBeLessThan(10);
});

describe("the tokens of a prompt", () => {
  it.each(["vllm", "llama.cpp"] as const)("are counted by %s, once for each prompt", async (kind) => {
    const { fake, counter, find } = await start({ kind });
    const model = await find();
    const first = await counter.count(ask({ max_tokens: 1 }), model);
    expect(first).toEqual({ tokens: expect.any(Number) as number, isExact: true });
    const asked = fake.requests.length;
    expect(await counter.count(ask({ max_tokens: 2 }), model)).toEqual(first);
    expect(fake.requests.length).toBe(asked);
  });

  it("are estimated elsewhere, better after an answer", async () => {
    const { fake, counter, find } = await start({ kind: "sglang" });
    const model = await find();
    const asked = fake.requests.length;
    const { tokens, isExact } = await counter.count(ask({ messages: words(1000) }), model);
    expect(isExact).toBe(false);
    await counter.learn(ask({ messages: words(1000) }), model, Math.round(tokens / 2));
    const again = await counter.count(ask({ messages: words(1000) }), model);
    expect(Math.abs(again.tokens - tokens / 2)).toBeLessThan(3);
    expect(fake.requests.length).toBe(asked);
  });

  it("are no longer called exact when an answer had others", async () => {
    const { counter, find } = await start();
    const model = await find();
    const { tokens } = await counter.count(ask(), model);
    await counter.learn(ask(), model, tokens + 1);
    expect(await counter.count(ask(), model)).toEqual({ tokens, isExact: false });
    await counter.learn(ask(), model, tokens);
    expect(await counter.count(ask(), model)).toEqual({ tokens, isExact: true });
  });

  it("of images are estimated", async () => {
    const { counter, find } = await start();
    const model = await find();
    const source = { type: "base64" as const, media_type: "image/png", data: "QUJD" };
    const content = [
      { type: "text" as const, text: "hi" },
      { type: "image" as const, source },
    ];
    const plain = await counter.count(ask(), model);
    expect(await counter.count(ask({ messages: [{ role: "user", content }] }), model)).toEqual({
      tokens: plain.tokens + 1500,
      isExact: false,
    });
  });

  it("are estimated for a while when the server cannot count", async () => {
    const { fake, counter, find } = await start({ kind: "vllm" });
    const model = await find();
    fake.options.kind = "other";
    expect(await counter.count(ask(), model)).toMatchObject({ isExact: false });
    const asked = fake.requests.length;
    expect(await counter.count(ask({ system: "x" }), model)).toMatchObject({ isExact: false });
    expect(fake.requests.length).toBe(asked);
  });
});

it.each([429, 503])("a full server tells when to ask again (%d)", async (status) => {
  const full = createServer((_request, response) =>
    response.writeHead(status, { "retry-after": "17" }).end('{"error":{"message":"too many"}}'),
  ).listen(0, "127.0.0.1");
  await once(full, "listening");
  const baseUrl = `http://127.0.0.1:${(full.address() as AddressInfo).port}`;
  const client = new OpenAiClient({ baseUrl, apiKey: "", connectTimeoutMs: 5000 });
  const refusal = { type: "overloaded_error", retryAfterSeconds: 17 };
  await expect(client.models()).rejects.toMatchObject(refusal);
  const backend = new OpenAiCompatibleBackend(new OpenAiServer(client), {
    firstEventTimeoutMs: 20_000,
    idleTimeoutMs: 20_000,
  });
  const { find } = await start();
  const answer = backend.generate(ask(), await find(), new AbortController().signal);
  await expect(collect(answer)).rejects.toMatchObject(refusal);
  full.close();
});
