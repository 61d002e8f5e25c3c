import type Anthropic from "@anthropic-ai/sdk";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Stack, lastChat, question, readEvents, startStack, writes } from "../support/stack.js";

// What a request may ask for beyond a plain answer, through the official SDK: docs/features.md names these tests.

const pdf = readFileSync(
  new URL("../../services/inference-adapter/src/sources/__fixtures__/two-pages.pdf", import.meta.url),
);
const pixel =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

let stack: Stack;
let client: Anthropic;
let files: Server;
let filesUrl = "";
let served: Record<string, { type: string; body: Buffer | string; delayMs?: number }> = {};
beforeAll(async () => {
  files = createServer(async ({ url = "" }, response) => {
    const file = served[url];
    if (!file) return void response.writeHead(404).end();
    await delay(file.delayMs ?? 0);
    response.writeHead(200, { "content-type": file.type }).end(file.body);
  }).listen(0, "127.0.0.1");
  await once(files, "listening");
  filesUrl = `http://localhost:${(files.address() as AddressInfo).port}`;
  stack = await startStack({ adapter: { FETCH_PRIVATE_HOSTS: "localhost" } });
  client = stack.client();
});
afterEach(() => {
  stack.ollama.reset();
  served = {};
});
afterAll(async () => {
  files.closeAllConnections();
  files.close();
  await stack.close();
});

const weather: Anthropic.Tool = {
  name: "get_weather",
  description: "The weather in a city",
  input_schema: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
};
const add: Anthropic.Tool = {
  name: "add",
  input_schema: {
    type: "object",
    properties: { a: { type: "integer" }, b: { type: "integer" } },
    required: ["a", "b"],
  },
};
const callOf = (city: string) => ({ toolCall: { name: "get_weather", arguments: { city } } });
const ask = (changed: object) =>
  client.messages.create(question(changed) as Anthropic.MessageCreateParamsNonStreaming);
const askStreamed = (changed: object) => client.messages.stream(question(changed)).finalMessage();
const bothWays = [
  ["whole", ask],
  ["streamed", askStreamed],
] as const;
const refusal = (message: string) => ({
  status: 400,
  error: {
    type: "error",
    error: { type: "invalid_request_error", message: expect.stringContaining(message) as string },
  },
});
const user = (...content: unknown[]) => ({ messages: [{ role: "user", content }] });
const text = (value: string) => ({ type: "text", text: value });

describe.each(bothWays)("tool_choice, %s", (_mode, create) => {
  it("tool: the answer is held to a call of it", async () => {
    const message = await create({ tools: [weather, add], tool_choice: { type: "tool", name: "add" } });
    expect(message).toMatchObject({
      stop_reason: "tool_use",
      content: [{ type: "tool_use", name: "add", input: { a: 7, b: 7 } }],
    });
    const sent = lastChat(stack.ollama);
    expect(sent["tools"]).toHaveLength(2);
    expect(sent["format"]).toMatchObject({ properties: { name: { const: "add" } } });
    expect(stack.ollama.generations()).toBe(1);
  });

  it("any: the answer is held to a call of one", async () => {
    const message = await create({ tools: [weather, add], tool_choice: { type: "any" } });
    expect(message).toMatchObject({ stop_reason: "tool_use", content: [{ type: "tool_use" }] });
    expect(lastChat(stack.ollama)["format"]).toMatchObject({ anyOf: [{}, {}] });
  });

  it("a model that will not is asked twice, then it is an error", async () => {
    stack.ollama.script(writes("I would rather not."));
    await expect(create({ tools: [add], tool_choice: { type: "any" } })).rejects.toMatchObject({
      message: expect.stringContaining("did not answer as the request demands") as string,
    });
    expect(stack.ollama.generations()).toBe(2);
  });

  it("disable_parallel_tool_use: one call comes out", async () => {
    stack.ollama.script([{ text: "Both." }, callOf("Oslo"), callOf("Rome")]);
    const message = await create({
      tools: [weather],
      tool_choice: { type: "auto", disable_parallel_tool_use: true },
    });
    expect(message).toMatchObject({
      stop_reason: "tool_use",
      content: [
        { type: "text", text: "Both." },
        { type: "tool_use", input: { city: "Oslo" } },
      ],
    });
    expect(message.content).toHaveLength(2);
  });
});

describe.each(bothWays)("output_config.format, %s", (_mode, create) => {
  const schema = {
    type: "object",
    properties: { title: { type: "string" }, score: { type: "integer" } },
    required: ["title", "score"],
  };
  const format = { output_config: { format: { type: "json_schema", schema } } };

  it("holds the answer to its schema", async () => {
    const message = await create(format);
    expect(message.content).toMatchObject([{ type: "text", text: '{"title": "yes", "score": 7}' }]);
    expect(lastChat(stack.ollama)["format"]).toEqual(schema);
  });

  it("mends a fence, and asks once more where the answer does not match", async () => {
    stack.ollama.script(writes('```json\n{"title": "a", "score": 1}\n```'));
    expect((await create(format)).content).toMatchObject([{ text: '{"title": "a", "score": 1}' }]);
    stack.ollama.script(writes('{"title": "a"}'));
    await expect(create(format)).rejects.toMatchObject({
      message: expect.stringContaining("does not match the schema") as string,
    });
  });

  it("is refused where its schema means nothing", async () => {
    const wrong = { output_config: { format: { type: "json_schema", schema: { type: "banana" } } } };
    await expect(create(wrong)).rejects.toMatchObject(refusal("output_config.format.schema.type"));
    expect(stack.ollama.generations()).toBe(0);
  });
});

describe("documents", () => {
  const document = (source: object, fields: object = {}) => ({ type: "document", source, ...fields });
  const sentTexts = () =>
    (lastChat(stack.ollama)["messages"] as { content: string }[]).map(({ content }) => content);
  const pdfSource = { type: "base64", media_type: "application/pdf", data: pdf.toString("base64") };

  it("text, content and PDF reach the model, with titles and context, in their order", async () => {
    await ask(
      user(
        text("First."),
        document(
          { type: "text", media_type: "text/plain", data: "The text." },
          { title: "T", context: "C", citations: { enabled: true } },
        ),
        document({ type: "content", content: [text("A part.")] }),
        document(pdfSource, { title: "Invoice" }),
        text("Last."),
      ),
    );
    const [sent = ""] = sentTexts();
    expect(sent).toMatch(
      /^First\..*<title>T<\/title>.*<context>C<\/context>.*The text\..*A part\..*<title>Invoice<\/title>.*Page 1 of 2.*Invoice 4711.*Page 2 of 2.*Last\.$/s,
    );
  });

  it("stand inside tool results", async () => {
    await ask({
      tools: [weather],
      messages: [
        { role: "user", content: "hi" },
        {
          role: "assistant",
          content: [{ type: "tool_use", id: "a", name: "get_weather", input: { city: "X" } }],
        },
        {
          role: "user",
          content: [{ type: "tool_result", tool_use_id: "a", content: [text("Here:"), document(pdfSource)] }],
        },
      ],
    });
    expect(sentTexts().at(-1)).toMatch(/^Here:.*Invoice 4711/s);
  });

  it("are counted as the words that they are", async () => {
    const count = (content: unknown[]) =>
      client.messages.countTokens({
        model: "qwen3-coder",
        ...user(...content),
      } as unknown as Anthropic.MessageCountTokensParams);
    const { input_tokens: without } = await count([text("hi")]);
    const { input_tokens: within } = await count([text("hi"), document(pdfSource)]);
    expect(within).toBeGreaterThan(without + 20);
  });

  it.each<[string, object, string]>([
    [
      "broken",
      { ...pdfSource, data: Buffer.from("%PDF-1.4 x").toString("base64") },
      "PDF specified was not valid",
    ],
    ["of the Files API", { type: "file", file_id: "file_1" }, "no Files API"],
    ["inside this network", { type: "url", url: "http://169.254.169.254/" }, "public address"],
  ])("are refused: %s", async (_case, source, message) => {
    await expect(ask(user(document(source)))).rejects.toMatchObject(refusal(message));
    expect(stack.ollama.generations()).toBe(0);
  });

  it("by URL are read anew each time, and never answered from the cache", async () => {
    const asked = question(user(document({ type: "url", url: `${filesUrl}/a.txt` }), text("What is it?")));
    served["/a.txt"] = { type: "text/plain", body: "Version one." };
    const first = await stack.post(asked);
    expect(first.headers.get("x-cache")).toBe("bypass");
    expect(sentTexts()[0]).toContain("Version one.");
    served["/a.txt"] = { type: "text/plain", body: "Version two." };
    expect((await stack.post(asked)).headers.get("x-cache")).toBe("bypass");
    expect(sentTexts()[0]).toContain("Version two.");
    expect(stack.ollama.generations()).toBe(2);
  });

  it("that come late do not leave a stream silent, and are counted", async () => {
    const asked = question({
      ...user(document({ type: "url", url: `${filesUrl}/a.txt` }), text("What is it?")),
      stream: true,
    });
    served["/a.txt"] = { type: "text/plain", body: "Late words. ".repeat(200), delayMs: 3500 };
    const startedAt = performance.now();
    const response = await stack.post(asked);
    expect(response.status).toBe(200);
    expect(performance.now() - startedAt).toBeLessThan(3400);
    const events = await readEvents(response);
    expect(sentTexts()[0]).toContain("Late words.");
    expect(events.at(-1)).toEqual({ type: "message_stop" });
    const [end] = events.filter(({ type }) => type === "message_delta") as {
      usage?: { input_tokens?: number };
    }[];
    expect(end?.usage?.input_tokens).toBeGreaterThan(200);
  });

  it("as base64 are answered from the cache", async () => {
    const asked = question(user(document(pdfSource), text(`What is it? ${Math.random()}`)));
    await (await stack.post(asked)).json();
    await expect
      .poll(async () => (await stack.post(asked)).headers.get("x-cache"), { timeout: 10_000 })
      .toBe("hit");
  });
});

describe("images", () => {
  const image = (source: object) => ({ type: "image", source });
  const base64 = { type: "base64", media_type: "image/png", data: pixel };
  const sees = { model: "vision" };

  it("by URL reach a model that sees", async () => {
    served["/a.png"] = { type: "image/png", body: Buffer.from(pixel, "base64") };
    await ask({ ...sees, ...user(text("See:"), image({ type: "url", url: `${filesUrl}/a.png` })) });
    expect(lastChat(stack.ollama)["messages"]).toMatchObject([{ content: "See:", images: [pixel] }]);
  });

  it("inside tool results follow them", async () => {
    await ask({
      ...sees,
      messages: [
        { role: "user", content: "hi" },
        { role: "assistant", content: [{ type: "tool_use", id: "a", name: "shot", input: {} }] },
        {
          role: "user",
          content: [
            {
              type: "tool_result",
              tool_use_id: "a",
              content: [text("before"), image(base64), text("after")],
            },
          ],
        },
      ],
    });
    expect(lastChat(stack.ollama)["messages"]).toMatchObject([
      {},
      {},
      { role: "tool", content: "before\n[Image 1 of the tool results]\nafter" },
      { role: "user", content: "[Image 1 of the tool results]", images: [pixel] },
    ]);
  });

  it.each<[string, object, object, string]>([
    ["bad base64", sees, { ...base64, data: "@@@" }, "invalid base64 data"],
    ["another type", sees, { ...base64, media_type: "image/bmp" }, "media_type: Input should be"],
    ["another image", sees, { ...base64, media_type: "image/gif" }, "does not match the provided media type"],
    ["a model that does not see", {}, base64, "does not support images"],
  ])("are refused: %s", async (_case, changed, source, message) => {
    await expect(ask({ ...changed, ...user(image(source)) })).rejects.toMatchObject(refusal(message));
    expect(stack.ollama.generations()).toBe(0);
  });
});

describe("an answer that has begun", () => {
  const begun = (content: unknown) => ({
    messages: [
      { role: "user", content: "Say hello." },
      { role: "assistant", content },
    ],
  });

  it("is gone on with, unthought", async () => {
    stack.ollama.script(writes(" world."));
    const message = await ask({ ...begun("Hello"), model: "tiny-think", thinking: { type: "adaptive" } });
    expect(message.content).toMatchObject([{ type: "text", text: " world." }]);
    const asked = stack.ollama.requests.findLast(
      ({ path }) => path === "/api/generate" || path === "/api/chat",
    );
    expect(JSON.stringify(asked?.body)).toContain("Hello");
  });

  it.each<[string, unknown, string]>([
    ["a blank at its end", "Hello ", "final assistant content cannot end with trailing whitespace"],
    [
      "a call without its result",
      [{ type: "tool_use", id: "a", name: "f", input: {} }],
      "`tool_use` ids were found",
    ],
  ])("is refused with %s", async (_case, content, message) => {
    await expect(ask(begun(content))).rejects.toMatchObject(refusal(message));
  });
});

describe("message threads, which are not kept here", () => {
  const chats = () =>
    stack.ollama.requests
      .map(({ body }) => body as { messages?: { role: string; content: string }[]; prompt?: string })
      .filter(({ messages, prompt }) => messages ?? prompt);
  const lastPrompt = () => JSON.stringify(chats().at(-1));

  it("lose nothing of a conversation of the official SDK", async () => {
    const model = "qwen3-coder";
    const thread = client.beta.messages.thread({ model, max_tokens: 50, system: "You are a pirate." });
    await thread.send({ role: "user", content: "My name is Bob." });
    await thread.send({ role: "user", content: "What is my name?" });
    await thread.send({ role: "user", content: "And yours?" });
    for (const part of ["pirate", "Bob", "What is my name?", "And yours?"])
      expect(lastPrompt()).toContain(part);
  });

  it("lose nothing in a tool runner of the official SDK", async () => {
    stack.ollama.script([callOf("Oslo")], 1);
    stack.ollama.script([callOf("Rome")], 1);
    const runner = client.beta.messages.toolRunner({
      model: "qwen3-coder",
      max_tokens: 200,
      messages: [{ role: "user", content: "Is it sunny in Oslo and in Rome?" }],
      tools: [{ ...weather, run: () => "sunny", parse: (input: unknown) => input }],
    });
    expect(await runner).toMatchObject({ stop_reason: "end_turn" });
    for (const part of ["in Oslo and in Rome?", "get_weather", "sunny"]) expect(lastPrompt()).toContain(part);
  });

  it("are told as lost where only the new messages come", async () => {
    const thread = { type: "continue", previous_message_id: "msg_1" };
    await expect(ask({ thread })).rejects.toMatchObject({
      status: 404,
      error: { error: { type: "not_found_error", details: { error_code: "thread_not_found" } } },
    });
  });
});

describe("tools that Anthropic's models know by their type", () => {
  it.each([
    ["bash_20250124", "bash", "restart"],
    ["text_editor_20250728", "str_replace_based_edit_tool", "insert_text"],
    ["text_editor_20250124", "str_replace_editor", "undo_edit"],
    ["memory_20250818", "memory", "old_path"],
  ])("are offered with a definition: %s", async (type, name, field) => {
    await ask({ tools: [{ type, name }] });
    const asked = JSON.stringify(stack.ollama.requests.filter(({ path }) => /chat|generate/.test(path)));
    expect(asked).toContain(name);
    expect(asked).toContain(field);
  });
});

it("a summary that stands for the conversation before it is read", async () => {
  await ask({
    messages: [
      {
        role: "assistant",
        content: [{ type: "compaction", content: "The user's name is Bob.", signature: "x" }],
      },
      { role: "user", content: "What is my name?" },
    ],
  });
  expect(JSON.stringify(lastChat(stack.ollama))).toContain("The user's name is Bob.");
});

describe("what there is not here", () => {
  const webSearch = { type: "web_search_20250305", name: "web_search" };

  it.each<[string, object]>([
    ["mcp_servers", { mcp_servers: [{ type: "url", url: "https://x", name: "m" }] }],
    ["a container", { container: "c_1" }],
    ["server tools", { tools: [{ type: "code_execution_20250522", name: "code_execution" }] }],
    ["a web search beside other tools", { tools: [weather, webSearch] }],
    [
      "citations",
      user({
        type: "document",
        source: { type: "text", media_type: "text/plain", data: "D" },
        citations: { enabled: true },
      }),
    ],
    ["service_tier", { service_tier: "auto" }],
    [
      "blocks of server tools",
      user({ type: "web_search_tool_result", tool_use_id: "x", content: [] }, text("hi")),
    ],
    ["strict tools", { tools: [{ ...weather, strict: true }] }],
    ["a thinking budget", { thinking: { type: "enabled", budget_tokens: 100_000 } }],
  ])("is passed over: %s", async (_case, changed) => {
    expect(await ask(changed)).toMatchObject({ stop_reason: "end_turn" });
  });

  it("a server tool that is forced is refused", async () => {
    await expect(
      ask({ tools: [webSearch], tool_choice: { type: "tool", name: "web_search" } }),
    ).rejects.toMatchObject(refusal("web_search"));
  });

  it("a web search and nothing else is refused: its results would be made up", async () => {
    await expect(ask({ tools: [webSearch] })).rejects.toMatchObject(refusal("no web search here"));
    expect(stack.ollama.generations()).toBe(0);
  });
});

it("an answer that is held back ends when nobody waits for it and another does", async () => {
  stack.ollama.script([{ text: "tick" }, { delayMs: 25_000 }], 1);
  const leaving = new AbortController();
  const asked = stack.post(
    question({ stream: true, tools: [add], tool_choice: { type: "any" } }),
    {},
    leaving.signal,
  );
  await expect.poll(() => stack.ollama.generations(), { timeout: 10_000 }).toBe(1);
  await asked;
  leaving.abort();
  expect(await ask({})).toMatchObject({ stop_reason: "end_turn" });
});
