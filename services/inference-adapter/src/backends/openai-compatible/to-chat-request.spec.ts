import { describe, expect, it } from "vitest";
import { toCanonicalRequest } from "#anthropic/canonical-request.js";
import type { ContentBlock, MessagesRequest } from "#anthropic/messages.js";
import { type ServerKind, serverTraits } from "./map-server-kind.js";
import { toChatRequest } from "./to-chat-request.js";
import { toTextPrompt } from "./to-text-prompt.js";

const convert = (fields: Partial<MessagesRequest>, kind: ServerKind = "vllm") =>
  toChatRequest(
    toCanonicalRequest({ model: "asked", messages: [{ role: "user", content: "hi" }], ...fields }),
    "served",
    serverTraits[kind],
  );
const messagesOf = (messages: MessagesRequest["messages"]) => convert({ messages }).messages;
const tool = (name: string) => ({
  name,
  description: `does ${name}`,
  input_schema: { properties: { a: {} } },
});
const image = {
  type: "image" as const,
  source: { type: "base64" as const, media_type: "image/png", data: "QUJD" },
};
const imagePart = { type: "image_url", image_url: { url: "data:image/png;base64,QUJD" } };

describe("a request", () => {
  it("asks for a stream with its usage", () => {
    expect(convert({})).toEqual({
      model: "served",
      messages: [{ role: "user", content: "hi" }],
      chat_template_kwargs: { enable_thinking: false },
      stream: true,
      stream_options: { include_usage: true },
    });
  });

  it("carries the sampling, and no stop sequences", () => {
    const sampling = { max_tokens: 100, temperature: 0, top_p: 0.9, top_k: 20 };
    expect(convert({ ...sampling, stop_sequences: ["STOP"] })).toMatchObject(sampling);
    expect(convert({ stop_sequences: ["STOP"] })).not.toHaveProperty("stop");
  });

  it("carries nothing that is not OpenAI's own to an unknown server", () => {
    const sent = convert({ top_k: 20, thinking: { type: "adaptive" } }, "other");
    expect(Object.keys(sent).sort()).toEqual(["messages", "model", "stream", "stream_options"]);
  });

  it.each<[MessagesRequest["thinking"], boolean]>([
    [{ type: "enabled", budget_tokens: 1024 }, true],
    [{ type: "adaptive" }, true],
    [{ type: "disabled" }, false],
    [undefined, false],
  ])("with thinking %j", (thinking, enable_thinking) => {
    expect(convert({ thinking }).chat_template_kwargs).toEqual({ enable_thinking });
  });

  it("asks for a schema", () => {
    const schema = { type: "object" };
    expect(convert({ output_config: { format: { type: "json_schema", schema } } }).response_format).toEqual({
      type: "json_schema",
      json_schema: { name: "answer", schema, strict: true },
    });
  });

  it("continues an answer that was begun", () => {
    const messages: MessagesRequest["messages"] = [
      { role: "user", content: "hi" },
      { role: "assistant", content: "Hel" },
    ];
    expect(convert({ messages })).toMatchObject({
      continue_final_message: true,
      add_generation_prompt: false,
    });
    expect(convert({ messages }, "llama.cpp")).not.toHaveProperty("continue_final_message");
  });
});

describe("tools", () => {
  const tools = [tool("a"), tool("b")];

  it("are functions with a schema for an object", () => {
    expect(convert({ tools })).toMatchObject({
      tools: [
        {
          type: "function",
          function: {
            name: "a",
            description: "does a",
            parameters: { type: "object", properties: { a: {} } },
          },
        },
        { function: { name: "b" } },
      ],
      tool_choice: "auto",
      parallel_tool_calls: true,
    });
  });

  it("may be called one at a time only", () => {
    const tool_choice = { type: "auto" as const, disable_parallel_tool_use: true };
    expect(convert({ tools, tool_choice })).toMatchObject({
      tool_choice: "auto",
      parallel_tool_calls: false,
    });
  });

  it("are not called where the answer is held to a schema", () => {
    const format = { type: "json_schema" as const, schema: { type: "object" } };
    expect(convert({ tools, output_config: { format } })).toMatchObject({
      tool_choice: "none",
      tools: [{}, {}],
    });
  });

  it.each<[MessagesRequest["tool_choice"], ServerKind, unknown, string[]]>([
    [{ type: "auto" }, "vllm", "auto", ["a", "b"]],
    [{ type: "any" }, "vllm", "required", ["a", "b"]],
    [{ type: "tool", name: "b" }, "vllm", { type: "function", function: { name: "b" } }, ["a", "b"]],
    [{ type: "tool", name: "b" }, "sglang", { type: "function", function: { name: "b" } }, ["a", "b"]],
    [{ type: "tool", name: "b" }, "llama.cpp", "required", ["b"]],
    [{ type: "tool", name: "b" }, "lm-studio", "required", ["b"]],
    [{ type: "none" }, "vllm", undefined, []],
  ])("with %j on %s", (tool_choice, kind, expected, names) => {
    const sent = convert({ tools, tool_choice }, kind);
    expect(sent.tool_choice).toEqual(expected);
    expect((sent.tools ?? []).map((one) => one.function.name)).toEqual(names);
  });
});

describe("messages", () => {
  it("begin with the system prompt as one text", () => {
    expect(
      convert({
        system: [
          { type: "text", text: "a" },
          { type: "text", text: "b" },
        ],
      }).messages[0],
    ).toEqual({
      role: "system",
      content: "a\nb",
    });
  });

  it("of the assistant have text, thinking and calls apart", () => {
    const content: ContentBlock[] = [
      { type: "thinking", thinking: "hm", signature: "" },
      { type: "text", text: "Looking." },
      { type: "tool_use", id: "toolu_9", name: "f", input: { a: 1 } },
    ];
    expect(messagesOf([{ role: "assistant", content }])).toEqual([
      {
        role: "assistant",
        content: "Looking.",
        reasoning_content: "hm",
        tool_calls: [{ id: "toolu_1", type: "function", function: { name: "f", arguments: '{"a":1}' } }],
      },
    ]);
  });

  it("with results put them first, errors marked, and their images behind", () => {
    const content: ContentBlock[] = [
      { type: "text", text: "and this" },
      { type: "tool_result", tool_use_id: "x", content: [{ type: "text", text: "seen" }, image] },
      { type: "tool_result", tool_use_id: "y", content: "broken", is_error: true },
    ];
    expect(messagesOf([{ role: "user", content }])).toEqual([
      { role: "tool", content: "seen", tool_call_id: "toolu_1" },
      { role: "tool", content: "Error: broken", tool_call_id: "toolu_2" },
      { role: "user", content: [imagePart, { type: "text", text: "and this" }] },
    ]);
  });

  it("are as many as there are results and images", () => {
    const many = <T>(item: T) => Array.from({ length: 200_000 }, () => item);
    const result: ContentBlock = { type: "tool_result", tool_use_id: "a", content: "x" };
    const withImages: ContentBlock = { type: "tool_result", tool_use_id: "a", content: many(image) };
    expect(messagesOf([{ role: "user", content: many(result) }]).length).toBe(200_000);
    expect(messagesOf([{ role: "user", content: [withImages] }])[1]?.content?.length).toBe(200_000);
    expect(messagesOf([{ role: "user", content: many(image) }])[0]?.content?.length).toBe(200_000);
  });

  it("with images keep their places", () => {
    const content: ContentBlock[] = [{ type: "text", text: "this" }, image, { type: "text", text: "that" }];
    expect(messagesOf([{ role: "user", content }])).toEqual([
      { role: "user", content: [{ type: "text", text: "this" }, imagePart, { type: "text", text: "that" }] },
    ]);
  });

  it("can be counted without their images", () => {
    const { prompt, images } = toTextPrompt(
      convert({ messages: [{ role: "user", content: [{ type: "text", text: "this" }, image, image] }] }),
    );
    expect([prompt.messages, images]).toEqual([[{ role: "user", content: "this" }], 2]);
  });
});
