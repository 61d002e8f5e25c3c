import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { foldMessage } from "#anthropic/fold-message.js";
import { type FakeOpenAi, startFakeOpenAi } from "../support/fake-openai/fake-openai.js";
import { question, readEvents, type Stack, startStack } from "../support/stack.js";

// The three real services with the other backend.

const model = "Qwen/Qwen3-Coder-30B-A3B-Instruct";
const windowTokens = 8192;
const tools = [
  {
    name: "get_weather",
    input_schema: {
      type: "object" as const,
      properties: { city: { type: "string" }, days: { type: "integer" } },
    },
  },
];

let server: FakeOpenAi;
let stack: Stack;

beforeAll(async () => {
  server = await startFakeOpenAi({
    kind: "vllm",
    models: [model],
    contextLength: windowTokens,
    apiKey: "sk-1",
  });
  stack = await startStack({
    adapter: {
      INFERENCE_BACKEND: "openai-compatible",
      OPENAI_BASE_URL: `${server.url}/v1/`,
      OPENAI_API_KEY: "sk-1",
      MODEL_NAME: model,
      MODEL_PULL: "true",
      MODEL_WARMUP: "true",
    },
    gateway: { MODEL_NAME: model },
  });
});
afterEach(() => {
  server.faults.length = 0;
  server.options.pieceDelayMs = 0;
});
afterAll(async () => {
  await stack.close();
  await server.close();
});

it("is ready, and tells the server's window", async () => {
  const ready = await fetch(`${stack.adapter.url}/health/ready`);
  expect([ready.status, await ready.json()]).toMatchObject([
    200,
    { details: { model: { name: model, state: "ready", context_length: windowTokens } } },
  ]);
  const card = await fetch(`${stack.url}/v1/models/${encodeURIComponent(model)}`);
  expect(await card.json()).toMatchObject({ id: model, max_input_tokens: windowTokens });
  const lines = await (await fetch(`${stack.url}/claude-code/env`)).text();
  expect(lines).toContain(model);
});

it("answers, from the cache the second time", async () => {
  const asked = question({ model: "claude-sonnet-4-5" });
  const first = await stack.post(asked);
  expect(JSON.stringify(await first.json())).toContain("Hello from tiny");
  expect(first.headers.get("x-served-model")).toBe(model);
  await expect
    .poll(async () => (await stack.post(asked)).headers.get("x-cache"), { timeout: 10_000 })
    .toBe("hit");
});

it("counts as the server does", async () => {
  const asked = question({ model, tools });
  const counted = await stack.client().messages.countTokens({ model, messages: asked.messages, tools });
  const message = await stack.client().messages.create(asked);
  expect(message.usage.input_tokens).toBe(counted.input_tokens);
});

it("passes a tool's input on while it is being written", async () => {
  const asked = question({ model, tools, stream: true, messages: [{ role: "user", content: "@@weather" }] });
  const events = await readEvents(await stack.post(asked, { "cache-control": "no-store" }));
  const pieces = events.filter(
    (event) => event.type === "content_block_delta" && event.delta.type === "input_json_delta",
  );
  expect(pieces.length).toBeGreaterThan(3);
  const { content, stop_reason } = await foldMessage(
    (async function* () {
      yield* events;
    })(),
  );
  expect(stop_reason).toBe("tool_use");
  expect(content).toMatchObject([
    { type: "tool_use", name: "get_weather", input: { city: "Paris", days: 3 } },
  ]);
});

describe("a prompt", () => {
  it("that does not fit is refused in the words that make Claude Code compact", async () => {
    const asked = question({ model, messages: [{ role: "user", content: "word ".repeat(9000) }] });
    const response = await stack.post(asked);
    expect([response.status, await response.json()]).toMatchObject([
      400,
      {
        error: {
          type: "invalid_request_error",
          message: expect.stringMatching(/^prompt is too long: 90\d\d tokens > 8192 maximum$/) as string,
        },
      },
    ]);
  });

  it("that leaves less room than asked for gets what there is", async () => {
    const asked = question({
      model,
      max_tokens: 8000,
      messages: [{ role: "user", content: "word ".repeat(2000) }],
    });
    const response = await stack.post(asked);
    expect(response.status).toBe(200);
    const lowered = Number(response.headers.get("x-max-tokens"));
    expect(lowered).toBeGreaterThan(6000);
    expect(server.chats.at(-1)?.body).toMatchObject({ max_tokens: lowered });
  });
});

it("says what is final and when to try again, though the adapter's headers have gone by then", async () => {
  server.faults.push({ status: 401, body: { error: { message: "Unauthorized" } } });
  const refused = await stack.post(question({ model }));
  expect([refused.status, refused.headers.get("x-should-retry")]).toEqual([500, "false"]);
  server.faults.push({ status: 429, body: { error: { message: "Busy" } }, headers: { "retry-after": "17" } });
  const busy = await stack.post(question({ model }));
  expect([busy.status, busy.headers.get("retry-after")]).toEqual([529, "17"]);
  expect(await busy.json()).not.toHaveProperty("retry_after");
});

it("tells an early failure by its status, a late one by an event", async () => {
  server.faults.push({ status: 503, body: { error: { message: "Loading model", code: 503 } } });
  const early = await stack.post(question({ model, stream: true }));
  expect([early.status, early.headers.get("retry-after")]).toEqual([529, expect.any(String)]);
  server.faults.push({ raw: "", afterwards: "reset" });
  const late = await stack.post(question({ model, stream: true }));
  const events = await readEvents(late);
  expect(events.at(-1)).toMatchObject({ type: "error", error: { type: "api_error" } });
});

it("says which models there are when the one it should serve is none of them", async () => {
  const other = await startStack({
    adapter: {
      INFERENCE_BACKEND: "openai-compatible",
      OPENAI_BASE_URL: server.url,
      OPENAI_API_KEY: "sk-1",
      MODEL_NAME: "qwen3-coder",
      MODEL_PULL: "true",
    },
  });
  const ready = await fetch(`${other.adapter.url}/health/ready`);
  await other.close();
  expect(ready.status).toBe(503);
  expect(await ready.text()).toContain(`not served: set MODEL_NAME to one of ${model}`);
});
