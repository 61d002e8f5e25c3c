import { setTimeout as delay } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { MessageStreamEvent } from "#anthropic/events.js";
import { question, readEvents, type Stack, startStack, writes } from "../support/stack.js";

// INFERENCE_MODE=auto: requests with tools go to Ollama as rendered prompts, and the adapter reads the calls.

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ adapter: { INFERENCE_MODE: "auto", IDLE_TIMEOUT_MS: "2000" } });
});
afterEach(() => stack.ollama.reset());
afterAll(() => stack.close());

const writeTool = {
  name: "Write",
  input_schema: {
    type: "object" as const,
    properties: { file_path: { type: "string" }, content: { type: "string" }, mode: { type: "number" } },
    required: ["file_path", "content"],
  },
};
const asked = (changed: object = {}) => question({ tools: [writeTool], ...changed });
const xmlCall = (content: string) =>
  `<tool_call>\n<function=Write>\n<parameter=file_path>\na.txt\n</parameter>\n<parameter=content>\n${content}\n</parameter>\n</function>\n</tool_call>`;
const paths = () =>
  stack.ollama.requests
    .filter(({ path }) => /chat|generate/.test(path))
    .map(({ path, body }) => ((body as Record<string, unknown>)["_debug_render_only"] ? "render" : path));
const jsonOf = (events: MessageStreamEvent[]) =>
  events.flatMap((event) =>
    event.type === "content_block_delta" && event.delta.type === "input_json_delta"
      ? [event.delta.partial_json]
      : [],
  );

describe("a request with tools", () => {
  it("goes as a rendered prompt, untouched by Ollama's parser", async () => {
    stack.ollama.script([{ text: `Writing.\n\n${xmlCall("x")}` }]);
    const message = await stack.client().messages.create(asked());
    expect(message).toMatchObject({
      stop_reason: "tool_use",
      content: [
        { type: "text", text: "Writing." },
        { type: "tool_use", name: "Write", input: { file_path: "a.txt", content: "x" } },
      ],
    });
    expect(paths().at(-1)).toBe("/api/generate");
    const { body } = stack.ollama.requests.findLast(({ path }) => path === "/api/generate")!;
    expect(body).toMatchObject({
      raw: true,
      think: false,
      truncate: false,
      shift: false,
      options: { num_ctx: 65_536 },
    });
  });

  it("streams the input while it is written, in order and whole", async () => {
    const content = Array.from({ length: 50 }, (_, line) => `line ${line} "quoted" 🙂`).join("\n");
    stack.ollama.script([{ text: xmlCall(content) }]);
    const events = await readEvents(await stack.post(asked({ stream: true })));
    const pieces = jsonOf(events);
    expect(pieces.length).toBeGreaterThan(50);
    expect(JSON.parse(pieces.join(""))).toEqual({ file_path: "a.txt", content });
  });

  it("is told before the call is whole", async () => {
    stack.ollama.script([
      {
        text: "<tool_call>\n<function=Write>\n<parameter=file_path>\na.txt\n</parameter>\n<parameter=content>\nbegun",
      },
      { delayMs: 60_000 },
    ]);
    const leaving = new AbortController();
    const response = await stack.post(asked({ stream: true }), {}, leaving.signal);
    let seen = "";
    for await (const bytes of response.body!) {
      seen += Buffer.from(bytes as Uint8Array).toString();
      if (seen.includes("begun")) break;
    }
    expect(seen).toContain("input_json_delta");
    leaving.abort();
  });

  it("silent in the middle of a call is given up after the idle time", async () => {
    stack.ollama.script([{ text: "Writing." }, { delayMs: 60_000 }]);
    const response = await stack.post(asked());
    expect(response.status).toBe(504);
  });

  it("ends with a call that the output limit cut", async () => {
    stack.ollama.script([
      {
        text: "<tool_call>\n<function=Write>\n<parameter=file_path>\na.txt\n</parameter>\n<parameter=content>\ncut he",
      },
      { done: { reason: "length" } },
    ]);
    const streamed = await readEvents(await stack.post(asked({ stream: true })));
    expect(jsonOf(streamed).join("")).toBe('{"file_path":"a.txt","content":"cut he');
    const message = (await (await stack.post(asked())).json()) as object;
    expect(message).toMatchObject({ stop_reason: "max_tokens", content: [] });
  });
});

describe("a call that cannot be read", () => {
  const broken = "<tool_call>\n<function=Nope>\n<parameter=a>\nb\n</parameter>\n</function>\n</tool_call>";

  it("is asked for once more", async () => {
    stack.ollama.script([{ text: `Again.\n${xmlCall("x")}` }]);
    stack.ollama.script([{ text: `Writing.\n${broken}` }], 1);
    const message = await stack.client().messages.create(asked());
    expect(message).toMatchObject({
      stop_reason: "tool_use",
      content: [{ text: "Writing.\n" }, { name: "Write" }],
    });
  });

  it.each([
    ["after text", "Writing.\n"],
    ["alone", ""],
  ])("and is none again is given as text: %s", async (_case, before) => {
    stack.ollama.script([{ text: before + broken }]);
    const message = await stack.client().messages.create(asked());
    expect(message).toMatchObject({ stop_reason: "end_turn" });
    expect(message.content.map((block) => (block.type === "text" ? block.text : "")).join("")).toBe(
      before + broken,
    );
    expect(stack.ollama.generations()).toBe(2);
  });

  it.each([
    ["after text", "Writing.\n"],
    ["alone", ""],
  ])("and is none again is not stored, for the next ask may get it right: %s", async (_case, before) => {
    const body = asked();
    stack.ollama.script([{ text: before + broken }]);
    await (await stack.post(body)).json();
    // Until then a retry is given the same answer.
    await delay(1_100);
    stack.ollama.script([{ text: xmlCall("x") }]);
    const next = await stack.post(body);
    expect(next.headers.get("x-cache")).toBe("miss");
    expect(await next.json()).toMatchObject({ stop_reason: "tool_use" });
  });

  it("is asked for once more where its beginning was told to nobody", async () => {
    stack.ollama.script([{ text: xmlCall("x") }]);
    stack.ollama.script(
      [{ text: '<tool_call>\n{"name": "Write", "arguments": {"file_path": "a", "content": "x' }],
      1,
    );
    const message = await stack.client().messages.create(asked());
    expect(message).toMatchObject({ stop_reason: "tool_use", content: [{ name: "Write" }] });
    expect(stack.ollama.generations()).toBe(2);
  });

  it("breaks off the answer when its beginning was told", async () => {
    stack.ollama.script([
      { text: '<tool_call>\n{"name": "Write", "arguments": {"file_path": "a", "content": "x' },
    ]);
    const events = await readEvents(await stack.post(asked({ stream: true })));
    expect(events.at(-1)).toMatchObject({ type: "error", error: { type: "api_error" } });
  });
});

describe("a conversation", () => {
  it("shows the model its own call as it wrote it", async () => {
    stack.ollama.script([{ text: `Writing.\n\n\n${xmlCall("x")}` }], 1);
    const first = asked();
    const message = await stack.client().messages.create(first);
    const lastPrompt = () =>
      (stack.ollama.requests.findLast(({ path }) => path === "/api/generate")!.body as { prompt: string })
        .prompt;
    const firstPrompt = lastPrompt();
    stack.ollama.script(writes("Done."));
    const results = message.content.flatMap((block) =>
      block.type === "tool_use"
        ? [{ type: "tool_result" as const, tool_use_id: block.id, content: "ok" }]
        : [],
    );
    await stack.client().messages.create({
      ...first,
      messages: [
        ...first.messages,
        { role: "assistant", content: message.content },
        { role: "user", content: results },
      ],
    });
    const prompt = lastPrompt();
    expect(prompt).toContain(`Writing.\n\n\n${xmlCall("x")}`);
    expect(prompt.startsWith(firstPrompt.replace(/<\|chat\|>$/, ""))).toBe(true);
  });
});

it.each([
  ["without tools", question()],
  ["with an image", asked({ model: "vision", messages: [{ role: "user", content: [image()] }] })],
])("a request %s goes to /api/chat", async (_case, body) => {
  stack.ollama.script(writes("{}"));
  expect((await stack.post(body)).status).toBe(200);
  expect(paths().at(-1)).toBe("/api/chat");
});

it("where Ollama cannot render, all goes to /api/chat", async () => {
  const old = await startStack({ ollama: { version: "0.5.1" }, adapter: { INFERENCE_MODE: "auto" } });
  try {
    old.ollama.script(writes("Hello."));
    expect((await old.post(asked())).status).toBe(200);
    expect(old.ollama.requests.map(({ path }) => path)).not.toContain("/api/generate");
  } finally {
    await old.close();
  }
});

function image() {
  const data =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
  return { type: "image", source: { type: "base64", media_type: "image/png", data } };
}
