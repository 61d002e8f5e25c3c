import type Anthropic from "@anthropic-ai/sdk";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { foldMessage } from "#anthropic/fold-message.js";
import type { MessageStreamEvent } from "#anthropic/events.js";
import { type Stack, lastChat, question, readEvents, startStack, writes } from "../support/stack.js";

let stack: Stack;
let client: Anthropic;
beforeAll(async () => {
  stack = await startStack();
  client = stack.client();
});
afterEach(() => stack.ollama.reset());
afterAll(() => stack.close());

const weatherTool: Anthropic.Tool = {
  name: "get_weather",
  description: "The weather in a city",
  input_schema: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
};
const callOf = (city: string) => ({ toolCall: { name: "get_weather", arguments: { city } } });
const pixel =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const image: Anthropic.ImageBlockParam = {
  type: "image",
  source: { type: "base64", media_type: "image/png", data: pixel },
};

/** The stream's fold without what is minted anew in each answer. */
const withoutIds = ({ id: _id, content, ...message }: { id: string; content: object[] }) => ({
  ...message,
  content: content.map((block) => ({ ...block, id: undefined })),
});

async function* each(events: MessageStreamEvent[]) {
  yield* events;
}

describe("an answer", () => {
  it("comes whole", async () => {
    stack.ollama.script(writes("Hello there, wörld 🙂!"));
    const message = await client.messages.create(question());
    expect(message).toMatchObject({
      type: "message",
      role: "assistant",
      model: "qwen3-coder",
      content: [{ type: "text", text: "Hello there, wörld 🙂!" }],
      stop_reason: "end_turn",
      stop_sequence: null,
    });
    expect(message.id).toMatch(/^msg_01\w{22}$/);
    expect(message.usage.input_tokens).toBeGreaterThan(0);
    expect(message.usage.output_tokens).toBeGreaterThan(2);
  });

  it("comes as a stream that the SDK puts together", async () => {
    stack.ollama.script(writes("One two three four."));
    const texts: string[] = [];
    const stream = client.messages.stream(question()).on("text", (text) => texts.push(text));
    const message = await stream.finalMessage();
    expect(texts.length).toBeGreaterThan(2);
    expect(texts.join("")).toBe("One two three four.");
    expect(message).toMatchObject({
      content: [{ type: "text", text: texts.join("") }],
      stop_reason: "end_turn",
    });
    expect(message.usage.output_tokens).toBeGreaterThan(2);
  });

  it("comes with its headers", async () => {
    const { response } = await client.messages.create(question()).withResponse();
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "content-type": "application/json; charset=utf-8",
      "request-id": expect.stringMatching(/^req_01\w{22}$/) as string,
      "x-cache": "miss",
      "x-cache-key": expect.stringMatching(/^[0-9a-f]{64}$/) as string,
      "x-served-model": "qwen3-coder:30b",
      "server-timing": expect.stringMatching(
        /^parse;dur=[\d.]+, cache;dur=[\d.]+, queue;dur=[\d.]+, prefill;dur=[\d.]+, decode;dur=[\d.]+$/,
      ) as string,
    });
    expect(response.headers.has("age")).toBe(false);
    expect(response.headers.has("x-fingerprint")).toBe(false);
    expect(response.headers.has("x-subscription")).toBe(false);
  });

  it("streams in Anthropic's order and shows nothing of the inside", async () => {
    stack.ollama.script([{ text: "Let me look." }, callOf("Oslo")]);
    const response = await stack.post(question({ stream: true, tools: [weatherTool] }));
    expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    const events = await readEvents(response);
    const types = events.map(({ type }) => type).filter((type, at, all) => type !== all[at - 1]);
    expect(types).toEqual([
      "message_start",
      "content_block_start",
      "content_block_delta",
      "content_block_stop",
      "content_block_start",
      "content_block_delta",
      "content_block_stop",
      "message_delta",
      "message_stop",
    ]);
    expect(events.at(-1)).toEqual({ type: "message_stop" });
  });

  it.each<[string, Parameters<Stack["ollama"]["script"]>[0], object]>([
    ["text", writes("A plain answer."), {}],
    ["two tool calls", [{ text: "Both." }, callOf("Oslo"), callOf("Rome")], { tools: [weatherTool] }],
    [
      "thinking, text and a call",
      [{ thinking: "Hm, " }, { thinking: "well." }, { text: "So:" }, callOf("Lima")],
      { model: "tiny-think", thinking: { type: "adaptive" }, tools: [weatherTool] },
    ],
    ["an output limit", writes("one two three four five six seven"), { max_tokens: 3 }],
    ["a stop sequence", writes("alpha beta STOP gamma"), { stop_sequences: ["STOP"] }],
    ["nothing", [], {}],
  ])("folds to the same message in both modes: %s", async (_name, script, changed) => {
    stack.ollama.script(script);
    const asked = { ...question(changed) };
    const own = { "cache-control": "no-store" };
    const unary = (await (await stack.post(asked, own)).json()) as Anthropic.Message;
    const events = await readEvents(await stack.post({ ...asked, stream: true }, own));
    expect(withoutIds(await foldMessage(each(events)))).toEqual(withoutIds(unary));
    expect(stack.ollama.generations()).toBe(2);
  });
});

describe("a request's parts", () => {
  it.each<[string, object]>([
    ["a string", { system: "Be brief." }],
    [
      "blocks",
      {
        system: [
          { type: "text", text: "x-anthropic-billing-header: cc_version=2.1.330.abc; cc_entrypoint=cli;" },
          { type: "text", text: "Be brief.", cache_control: { type: "ephemeral" } },
        ],
      },
    ],
  ])("reach the model: a system prompt as %s", async (_name, changed) => {
    await stack.post(question(changed));
    expect(lastChat(stack.ollama)["messages"]).toMatchObject([
      { role: "system", content: "Be brief." },
      { role: "user" },
    ]);
  });

  it("reach the model: a system message in the middle", async () => {
    const { messages } = question();
    const response = await stack.post(
      question({ messages: [...messages, { role: "system", content: "The date is today." }] }),
    );
    expect(response.status).toBe(200);
    const sent = lastChat(stack.ollama)["messages"] as { role: string; content: string }[];
    expect(sent.map(({ role }) => role)).toEqual(["user"]);
    expect(sent[0]?.content).toMatch(/^<system-reminder>\nThe date is today\.\n<\/system-reminder>/);
  });

  it("reach the model: sampling, limits and the window", async () => {
    await client.messages.create(question({ temperature: 0.3, top_p: 0.9, top_k: 7, max_tokens: 77 }));
    expect(lastChat(stack.ollama)).toMatchObject({
      model: "qwen3-coder:30b",
      stream: true,
      think: false,
      truncate: false,
      shift: false,
      options: { num_ctx: 65_536, num_predict: 77, temperature: 0.3, top_p: 0.9, top_k: 7 },
    });
  });

  it("may be missing: max_tokens, version and key", async () => {
    const response = await stack.post({ model: "qwen3-coder", messages: question().messages });
    expect(response.status).toBe(200);
    expect(((await response.json()) as Anthropic.Message).stop_reason).toBe("end_turn");
  });

  it("are ignored where nobody knows them", async () => {
    const response = await stack.post(
      question({
        context_management: { edits: [{ type: "from_the_future" }] },
        output_config: { effort: "high" },
        tools: [{ type: "web_search_20990101", name: "web_search" }, weatherTool],
        betas: ["x"],
        anything: { at: "all" },
      }),
      { "anthropic-beta": "made-up-2099-01-01,other", "anthropic-version": "2099-01-01" },
    );
    expect(response.status).toBe(200);
  });
});

describe("an end", () => {
  it("tells which stop sequence it was", async () => {
    stack.ollama.script(writes("alpha beta STOPHERE gamma"));
    const stop_sequences = ["NEVER", "STOPHERE"];
    const message = await client.messages.create(question({ stop_sequences }));
    expect(message).toMatchObject({ stop_reason: "stop_sequence", stop_sequence: "STOPHERE" });
    expect(message.content).toMatchObject([{ type: "text", text: "alpha beta " }]);
  });

  it("tells that the output limit was reached", async () => {
    stack.ollama.script(writes("one two three four five"));
    const message = await client.messages.create(question({ max_tokens: 2 }));
    expect(message).toMatchObject({ stop_reason: "max_tokens", content: [{ text: "one two" }] });
    expect(message.usage.output_tokens).toBe(2);
  });
});

describe("tools", () => {
  it("make a round trip with several calls in one turn", async () => {
    stack.ollama.script([{ text: "Looking." }, callOf("Oslo"), callOf("Rome")], 1);
    const asked = question({ tools: [weatherTool] });
    const first = await client.messages.stream(asked).finalMessage();
    const calls = first.content.filter((block) => block.type === "tool_use");
    expect(first.stop_reason).toBe("tool_use");
    expect(calls.map(({ input }) => input)).toEqual([{ city: "Oslo" }, { city: "Rome" }]);
    expect(new Set(calls.map(({ id }) => id)).size).toBe(2);
    for (const { id } of calls) expect(id).toMatch(/^toolu_01\w{22}$/);

    stack.ollama.script(writes("Cold and warm."));
    const results = calls.map(({ id }, index) => ({
      type: "tool_result" as const,
      tool_use_id: id,
      ...(index === 0
        ? { content: "-5 °C" }
        : { content: [{ type: "text" as const, text: "no such city" }], is_error: true }),
    }));
    const second = await client.messages.create({
      ...asked,
      messages: [
        ...asked.messages,
        { role: "assistant", content: first.content },
        { role: "user", content: [...results, { type: "text", text: "Sum up." }] },
      ],
    });
    expect(second).toMatchObject({ stop_reason: "end_turn", content: [{ text: "Cold and warm." }] });
    const sent = lastChat(stack.ollama);
    expect(sent["messages"]).toMatchObject([
      { role: "user" },
      {
        role: "assistant",
        content: "Looking.",
        tool_calls: [
          { function: { name: "get_weather", arguments: { city: "Oslo" } } },
          { function: { name: "get_weather", arguments: { city: "Rome" } } },
        ],
      },
      { role: "tool", tool_name: "get_weather", content: "-5 °C" },
      { role: "tool", tool_name: "get_weather", content: expect.stringContaining("no such city") as string },
      { role: "user", content: "Sum up." },
    ]);
    expect((sent["messages"] as { content: string }[])[3]?.content).toMatch(/error/i);
    expect(sent["tools"]).toMatchObject([{ type: "function", function: { name: "get_weather" } }]);
  });

  it("are not offered under tool_choice none", async () => {
    await client.messages.create(question({ tools: [weatherTool], tool_choice: { type: "none" } }));
    expect(lastChat(stack.ollama)).not.toHaveProperty("tools");
  });
});

describe("images", () => {
  const look = [{ role: "user" as const, content: [image, { type: "text" as const, text: "What is it?" }] }];

  it("reach a model that sees", async () => {
    expect((await stack.post(question({ model: "vision", messages: look }))).status).toBe(200);
    expect(lastChat(stack.ollama)["messages"]).toMatchObject([{ content: "What is it?", images: [pixel] }]);
  });

  it("are refused for a model that does not", async () => {
    await expect(client.messages.create(question({ messages: look }))).rejects.toMatchObject({
      status: 400,
      error: {
        type: "error",
        error: {
          type: "invalid_request_error",
          message: expect.stringContaining("does not support images") as string,
        },
      },
    });
    expect(stack.ollama.generations()).toBe(0);
  });
});

describe("thinking", () => {
  it("comes signed and goes back", async () => {
    stack.ollama.script([{ thinking: "I should add." }, { text: "Four." }]);
    const asked = question({
      model: "tiny-think",
      thinking: { type: "enabled", budget_tokens: 1024 },
      max_tokens: 2048,
    });
    const message = await client.messages.stream(asked).finalMessage();
    expect(message.content).toMatchObject([
      { type: "thinking", thinking: "I should add.", signature: expect.stringMatching(/./) as string },
      { type: "text", text: "Four." },
    ]);
    expect(lastChat(stack.ollama)["think"]).toBe(true);
    await client.messages.create({
      ...asked,
      messages: [
        ...asked.messages,
        { role: "assistant", content: message.content },
        { role: "user", content: "Sure?" },
      ],
    });
    expect(lastChat(stack.ollama)["messages"]).toMatchObject([
      { role: "user" },
      { role: "assistant", content: "Four.", thinking: "I should add." },
      { role: "user", content: "Sure?" },
    ]);
  });

  it.each<[string, object, boolean]>([
    ["not asked for", { model: "tiny-think" }, false],
    ["switched off", { model: "tiny-think", thinking: { type: "disabled" } }, false],
    ["adaptive", { model: "tiny-think", thinking: { type: "adaptive", display: "omitted" } }, true],
    ["adaptive on a model that cannot", { thinking: { type: "adaptive" } }, false],
  ])("%s", async (_name, changed, think) => {
    expect((await stack.post(question(changed))).status).toBe(200);
    expect(lastChat(stack.ollama)["think"]).toBe(think);
  });
});
