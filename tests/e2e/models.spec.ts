import type Anthropic from "@anthropic-ai/sdk";
import { NotFoundError } from "@anthropic-ai/sdk";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { collect } from "#anthropic/__fixtures__/collect.js";
import { type Stack, lastChat, question, startStack } from "../support/stack.js";

let stack: Stack;
let client: Anthropic;
beforeAll(async () => {
  stack = await startStack({
    ollama: {
      models: [
        { name: "qwen3-coder:30b", contextLength: 262_144 },
        { name: "tiny:latest" },
        { name: "small-window:7b", contextLength: 8192 },
        { name: "org/other:q4" },
      ],
    },
    gateway: { MODEL_ALIASES: "claude-haiku-*=tiny,gpt-*=qwen3-coder:30b,lost=nowhere" },
    adapter: { MODEL_CONTEXT: "tiny*=16384" },
  });
  client = stack.client();
});
afterEach(() => stack.ollama.reset());
afterAll(() => stack.close());

describe("a model's name", () => {
  it.each([
    ["qwen3-coder", "qwen3-coder:30b"],
    ["qwen3-coder:30b", "qwen3-coder:30b"],
    ["tiny", "tiny:latest"],
    ["org/other:q4", "org/other:q4"],
    ["claude-haiku-4-5-20251001", "tiny:latest"],
    ["gpt-4o", "qwen3-coder:30b"],
    ["claude-sonnet-9", "qwen3-coder:30b"],
    ["anthropic/claude-opus-5", "qwen3-coder:30b"],
  ])("%s is answered by %s under its own name", async (model, served) => {
    const { data, response } = await client.messages.create(question({ model })).withResponse();
    expect(data.model).toBe(model);
    expect(response.headers.get("x-served-model")).toBe(served);
    expect(lastChat(stack.ollama)["model"]).toBe(served);
  });

  it.each([
    ["nope:7b", "nope:7b"],
    ["lost", "nowhere"],
    ["tiny:other", "tiny:other"],
  ])("%s is refused with what is served", async (model, meant) => {
    const error = await client.messages.create(question({ model })).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(NotFoundError);
    expect((error as Error).message).toContain(
      `model: ${meant} (models served: qwen3-coder:30b, tiny:latest`,
    );
    expect((error as NotFoundError).headers.get("x-should-retry")).toBe("false");
  });

  it("may change from request to request, each model with its own window every time", async () => {
    const models = ["qwen3-coder", "tiny", "small-window", "qwen3-coder", "tiny"];
    for (const model of models) await client.messages.create(question({ model }));
    const windows = stack.ollama.requests
      .filter(({ path }) => path === "/api/chat")
      .map(({ body }) => (body as { options: { num_ctx: number } }).options.num_ctx);
    expect(windows).toEqual([65_536, 16_384, 8192, 65_536, 16_384]);
    expect(stack.ollama.loads()).toBe(3);
  });

  it("is known soon after the model was pulled", async () => {
    stack.ollama.models.push({ name: "fresh:1b" });
    try {
      await fetch(`${stack.adapter.url}/health/ready`); // else it looks again after some seconds only
      const { response } = await client.messages.create(question({ model: "fresh" })).withResponse();
      expect(response.headers.get("x-served-model")).toBe("fresh:1b");
    } finally {
      stack.ollama.models.pop();
    }
  });
});

describe("GET /v1/models", () => {
  it("lists what is installed, with the windows that are really configured", async () => {
    const models = await collect(client.models.list());
    const windows = models.map(({ id, max_input_tokens }) => [id, max_input_tokens]);
    expect(Object.fromEntries(windows)).toMatchObject({
      "qwen3-coder:30b": 65_536,
      "tiny:latest": 16_384,
      "small-window:7b": 8192,
      "org/other:q4": 65_536,
    });
    for (const model of models) {
      expect(model).toMatchObject({ type: "model", display_name: expect.any(String) as string });
      expect(Date.parse(model.created_at)).not.toBeNaN();
      expect(model.max_tokens).toBeGreaterThan(0);
      expect(model).not.toHaveProperty("fingerprint");
      expect(model).not.toHaveProperty("takes_client_json");
    }
  });

  it("comes in pages that the SDK goes through", async () => {
    const ids = (await collect(client.models.list({ limit: 1 }))).map(({ id }) => id);
    expect(ids.length).toBeGreaterThanOrEqual(4);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it.each([
    ["0", "greater than or equal to 1"],
    ["-1", "greater than or equal to 1"],
    ["1001", "less than or equal to 1000"],
    ["many", "a whole number"],
    ["1.5", "a whole number"],
    ["1e2", "a whole number"],
    ["", "a whole number"],
    ["1&limit=2", "a whole number"],
  ])("refuses a limit of %j and says why", async (limit, reason) => {
    const response = await fetch(`${stack.url}/v1/models?limit=${limit}`);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      error: { type: "invalid_request_error", message: expect.stringContaining(reason) as string },
    });
  });

  it.each([
    ["tiny:latest", "tiny:latest"],
    ["org/other:q4", "org/other:q4"],
    ["claude-opus-5", "qwen3-coder:30b"],
  ])("retrieves %s", async (id, found) => expect((await client.models.retrieve(id)).id).toBe(found));

  it("does not retrieve what is not there", async () =>
    expect(client.models.retrieve("nope:7b")).rejects.toBeInstanceOf(NotFoundError));
});

describe("POST /v1/messages/count_tokens", () => {
  const count = async (text: string, changed: object = {}) =>
    (
      await client.messages.countTokens({
        model: "qwen3-coder",
        messages: [{ role: "user", content: text }],
        ...changed,
      })
    ).input_tokens;

  it("counts more for more", async () => {
    const short = await count("Hello");
    expect(short).toBeGreaterThan(0);
    expect(short).toBeLessThan(200);
    expect(await count("Hello, how are you? ".repeat(100))).toBeGreaterThan(short + 300);
    expect(await count("Hello", { system: "Be brief, be kind, be honest." })).toBeGreaterThan(short);
    const tools = [{ name: "Read", input_schema: { type: "object" } }];
    expect(await count("Hello", { tools })).toBeGreaterThan(short);
  });

  it("runs no model", async () => {
    await count("Hello");
    expect(stack.ollama.generations()).toBe(0);
  });

  it("refuses what cannot be counted", async () => {
    await expect(count("Hello", { model: "nope:7b" })).rejects.toMatchObject({ status: 404 });
    await expect(count("Hello", { messages: "no list" })).rejects.toMatchObject({ status: 400 });
  });
});
