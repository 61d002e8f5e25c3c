import { describe, expect, it } from "vitest";
import { claudeCodeFixtures, readClaudeCodeBody } from "#anthropic/__fixtures__/read-fixture.js";
import { toCanonicalRequest } from "#anthropic/canonical-request.js";
import type { ContentBlock, InputMessage, MessagesRequest, Tool } from "#anthropic/messages.js";
import type { Capability, ServedModel } from "../inference-backend.js";
import { snapshotPath } from "./__fixtures__/read-exchange.js";
import { toOllamaChatRequest } from "./to-ollama-chat-request.js";

const modelThatCan = (...capabilities: Capability[]): ServedModel => ({
  name: "qwen3-coder:30b",
  digest: "d",
  modifiedAt: "2026-01-01T00:00:00Z",
  capabilities: new Set(capabilities),
  trainedContextLength: 262_144,
  contextLength: 65_536,
  fingerprint: "f",
});

const plainModel = modelThatCan("tools");
const hello: InputMessage[] = [{ role: "user", content: "hi" }];

const convert = (request: Partial<MessagesRequest>, model = plainModel) =>
  toOllamaChatRequest(toCanonicalRequest({ model: "m", messages: hello, ...request }), model, "-1");
const convertMessages = (...messages: InputMessage[]) => convert({ messages }).messages;
const readFixture = (name: string) => readClaudeCodeBody(name) as unknown as MessagesRequest;

describe("requests of real Claude Code clients", () => {
  it.each(claudeCodeFixtures)("%s", async (name) => {
    const request = convert(readFixture(name), modelThatCan("tools", "thinking"));
    const json = `${JSON.stringify(request, undefined, 2)}\n`;
    await expect(json).toMatchFileSnapshot(snapshotPath("requests", `${name}.json`));
  });

  it.each([
    ["first-turn", "after-tool-result"],
    ["first-turn", "after-three-tool-results"],
    ["after-tool-result", "after-three-tool-results"],
    ["first-turn-2.1.330", "after-tool-result-2.1.330"],
  ])("%s is the start of %s, so that its KV prefix serves", (earlier, later) => {
    const before = convert(readFixture(earlier));
    const after = convert(readFixture(later));
    expect(after.messages.slice(0, before.messages.length)).toEqual(before.messages);
    expect(JSON.stringify(after.tools)).toBe(JSON.stringify(before.tools));
  });
});

it("names the window, and forbids all cutting", () => {
  expect(convert({ max_tokens: 100 })).toEqual({
    model: "qwen3-coder:30b",
    messages: [{ role: "user", content: "hi" }],
    think: false,
    stream: true,
    truncate: false,
    shift: false,
    keep_alive: -1,
    options: { num_ctx: 65_536, num_predict: 100 },
  });
});

describe("system", () => {
  it.each<[string, MessagesRequest["system"], string | undefined]>([
    ["a text", "Be brief.", "Be brief."],
    [
      "blocks",
      [
        { type: "text", text: "Be brief." },
        { type: "text", text: "Be kind." },
      ],
      "Be brief.\nBe kind.",
    ],
    ["nothing", undefined, undefined],
    ["an empty text", "", undefined],
    ["only a billing line", "x-anthropic-billing-header: cc_version=1", undefined],
  ])("%s", (_name, system, content) => {
    const first = convert({ system }).messages[0];
    expect(first).toEqual(
      content === undefined ? { role: "user", content: "hi" } : { role: "system", content },
    );
  });
});

const image = (data: string): ContentBlock => ({
  type: "image",
  source: { type: "base64", media_type: "image/png", data },
});
const use = (id: string, name: string, input = {}): ContentBlock => ({ type: "tool_use", id, name, input });
const text = (content: string): ContentBlock => ({ type: "text", text: content });
const unknown = { type: "server_tool_use", id: "x" } as unknown as ContentBlock;

describe("messages", () => {
  it("several calls and results in one turn keep their pairs", () => {
    expect(
      convertMessages(
        ...hello,
        {
          role: "assistant",
          content: [text("Two."), use("toolu_b", "Read", { path: "b" }), use("toolu_a", "Bash")],
        },
        {
          role: "user",
          content: [
            { type: "tool_result", tool_use_id: "toolu_a", content: "bash says" },
            { type: "tool_result", tool_use_id: "toolu_b", content: "b holds" },
          ],
        },
      ),
    ).toEqual([
      { role: "user", content: "hi" },
      {
        role: "assistant",
        content: "Two.",
        tool_calls: [
          { id: "toolu_1", function: { index: 0, name: "Read", arguments: { path: "b" } } },
          { id: "toolu_2", function: { index: 1, name: "Bash", arguments: {} } },
        ],
      },
      { role: "tool", content: "b holds", tool_name: "Read", tool_call_id: "toolu_1" },
      { role: "tool", content: "bash says", tool_name: "Bash", tool_call_id: "toolu_2" },
    ]);
  });

  const afterCall = (...content: ContentBlock[]) =>
    convertMessages({ role: "assistant", content: [use("a", "Bash")] }, { role: "user", content }).slice(1);
  const result = (content?: string | ContentBlock[], fields = {}): ContentBlock => ({
    type: "tool_result",
    tool_use_id: "a",
    ...(content === undefined ? {} : { content }),
    ...fields,
  });
  const tool = { role: "tool", tool_name: "Bash", tool_call_id: "toolu_1" };

  it.each<[string, ContentBlock[], object[]]>([
    ["a result", [result("out")], [{ ...tool, content: "out" }]],
    ["a result without content", [result()], [{ ...tool, content: "" }]],
    [
      "a failed result says so",
      [result("no file", { is_error: true })],
      [{ ...tool, content: "Error: no file" }],
    ],
    ["is_error: false says nothing", [result("ok", { is_error: false })], [{ ...tool, content: "ok" }]],
    [
      "text beside a result comes after it",
      [text("before"), result("out"), text("after")],
      [
        { ...tool, content: "out" },
        { role: "user", content: "before\nafter" },
      ],
    ],
    [
      "texts and images inside a result",
      [result([text("one"), image("AAAA"), text("two"), image("BBBB")])],
      [
        { ...tool, content: "one\n[Image 1 of the tool results]\ntwo\n[Image 2 of the tool results]" },
        { role: "user", content: "[Image 1 of the tool results]", images: ["AAAA"] },
        { role: "user", content: "[Image 2 of the tool results]", images: ["BBBB"] },
      ],
    ],
    [
      "an image beside a result",
      [result("out"), image("AAAA")],
      [
        { ...tool, content: "out" },
        { role: "user", content: "", images: ["AAAA"] },
      ],
    ],
    [
      "an unknown block beside a result leaves nothing",
      [result("out"), unknown],
      [{ ...tool, content: "out" }],
    ],
    ["an unknown block inside a result", [result([unknown, text("out")])], [{ ...tool, content: "out" }]],
    [
      "a result to a call that nobody made",
      [{ type: "tool_result", tool_use_id: "z", content: "out" }],
      [{ role: "tool", content: "out", tool_call_id: "toolu_2" }],
    ],
  ])("%s", (_name, content, messages) => {
    expect(afterCall(...content)).toEqual(messages);
  });

  it.each<[string, InputMessage, object]>([
    ["texts are lines", { role: "user", content: [text("a"), text("b")] }, { role: "user", content: "a\nb" }],
    ["an empty content stays a message", { role: "user", content: "" }, { role: "user", content: "" }],
    [
      "images",
      { role: "user", content: [text("see"), image("AAAA")] },
      { role: "user", content: "see", images: ["AAAA"] },
    ],
    [
      "unknown blocks are skipped",
      { role: "user", content: [unknown, text("a")] },
      { role: "user", content: "a" },
    ],
    [
      "thinking goes back",
      {
        role: "assistant",
        content: [{ type: "thinking", thinking: "hm", signature: "s" }, text("a"), unknown],
      },
      { role: "assistant", content: "a", thinking: "hm" },
    ],
    [
      "redacted thinking is skipped",
      {
        role: "assistant",
        content: [{ type: "redacted_thinking", data: "x" } as unknown as ContentBlock, text("a")],
      },
      { role: "assistant", content: "a" },
    ],
  ])("%s", (_name, message, expected) => {
    expect(convertMessages(message)).toEqual([expected]);
  });

  it("are as many as there are results and images", () => {
    const many = <T>(item: T) => Array.from({ length: 200_000 }, () => item);
    const toolResult: ContentBlock = { type: "tool_result", tool_use_id: "a", content: "x" };
    const withImages: ContentBlock = { type: "tool_result", tool_use_id: "a", content: many(image("")) };
    const textAndImage = [{ type: "text" as const, text: "x" }, image("")];
    expect(convertMessages({ role: "user", content: many(toolResult) }).length).toBe(200_000);
    expect(convertMessages({ role: "user", content: [withImages] }).length).toBe(200_001);
    expect(convertMessages({ role: "user", content: many(textAndImage).flat() }).length).toBe(200_001);
  });

  it("images between texts keep their place", () => {
    const content = [image("AAAA"), text("one"), image("BBBB"), image("CCCC"), text("two")];
    expect(convertMessages({ role: "user", content })).toEqual([
      { role: "user", content: "one", images: ["AAAA"] },
      { role: "user", content: "two", images: ["BBBB", "CCCC"] },
    ]);
  });

  it("an image behind its text does not come before it where each text has one", () => {
    const content = [text("one"), image("AAAA"), text("two"), image("BBBB"), image("CCCC")];
    expect(convertMessages({ role: "user", content })).toEqual([
      { role: "user", content: "one" },
      { role: "user", content: "two", images: ["AAAA"] },
      { role: "user", content: "", images: ["BBBB", "CCCC"] },
    ]);
  });

  it("images behind the only text stay beside it", () => {
    expect(convertMessages({ role: "user", content: [text("see"), image("AAAA"), image("BBBB")] })).toEqual([
      { role: "user", content: "see", images: ["AAAA", "BBBB"] },
    ]);
  });
});

describe("tools", () => {
  const convertTools = (...tools: unknown[]) => convert({ tools: tools as Tool[] }).tools;
  const parametersOf = (schema: unknown) =>
    convertTools({ name: "f", input_schema: schema })?.[0]?.function.parameters;

  it("are functions with their schemas, in their order", () => {
    const schema = {
      type: "object",
      properties: { a: { type: "string", description: "d" } },
      required: ["a"],
    };
    expect(
      convertTools(
        { name: "g", description: "G", input_schema: { ...schema, additionalProperties: false } },
        { name: "f", type: "custom", input_schema: schema },
      ),
    ).toEqual([
      {
        type: "function",
        function: { name: "g", description: "G", parameters: { ...schema, additionalProperties: false } },
      },
      { type: "function", function: { name: "f", description: "", parameters: schema } },
    ]);
  });

  it.each<[string, unknown[]]>([
    ["none", []],
    ["only a server tool", [{ type: "web_search_20250305", name: "web_search" }]],
  ])("%s: the field is left out", (_name, tools) => {
    expect(convertTools(...tools)).toBeUndefined();
  });

  it("server tools are skipped beside others", () => {
    const tools = convertTools(
      { type: "web_search_20250305", name: "web_search" },
      { name: "f", input_schema: {} },
    );
    expect(tools?.map((tool) => tool.function.name)).toEqual(["f"]);
  });

  it("tool_choice none sends none", () => {
    expect(
      convert({ tools: [{ name: "f", input_schema: {} }], tool_choice: { type: "none" } }).tools,
    ).toBeUndefined();
  });

  // Each of the odd ones is a 400 of a real Ollama when it is sent as it is (measured on 0.17.4).
  const property = (schema: unknown) => ({ type: "object", properties: { a: schema }, required: [] });
  it.each<[string, unknown, unknown]>([
    ["an empty schema", {}, { type: "object", properties: {}, required: [] }],
    ["no type", { properties: {} }, { type: "object", properties: {}, required: [] }],
    ["a type that is a list", { type: ["object", "null"] }, { type: "object", properties: {}, required: [] }],
    ["required that is no list", { required: true }, { type: "object", properties: {}, required: [] }],
    [
      "required with other things",
      { required: ["a", 1] },
      { type: "object", properties: {}, required: ["a"] },
    ],
    ["properties that are a list", { properties: [] }, { type: "object", properties: {}, required: [] }],
    ["a property that is true", property(true), property({})],
    ["a property's types", property({ type: ["string", "null"] }), property({ type: ["string", "null"] })],
    ["a property's type that is none", property({ type: 5 }), property({})],
    [
      "a description that is no text",
      property({ type: "string", description: 5 }),
      property({ type: "string" }),
    ],
    ["an enum that is no list", property({ enum: { a: 1 } }), property({})],
    ["an enum", property({ enum: ["a", 1, null] }), property({ enum: ["a", 1, null] })],
    [
      "a boolean inside properties of a property",
      property({ type: "object", properties: { b: false } }),
      property({ type: "object", properties: { b: {} } }),
    ],
    [
      "a boolean inside anyOf",
      property({ anyOf: [true, { type: "object", properties: { b: true } }] }),
      property({ anyOf: [{}, { type: "object", properties: { b: {} } }] }),
    ],
    ["anyOf that is no list", property({ anyOf: {} }), property({})],
    ["items of any kind", property({ type: "array", items: true }), property({ type: "array", items: true })],
  ])("%s", (_name, schema, parameters) => {
    expect(parametersOf(schema)).toEqual(parameters);
  });
});

describe("options", () => {
  it.each<[string, Partial<MessagesRequest>, object]>([
    ["nothing", {}, {}],
    ["max_tokens", { max_tokens: 7 }, { num_predict: 7 }],
    ["temperature 0", { temperature: 0 }, { temperature: 0 }],
    ["sampling", { temperature: 0.7, top_p: 0.9, top_k: 40 }, { temperature: 0.7, top_p: 0.9, top_k: 40 }],
    ["stop_sequences, which we cut at ourselves", { stop_sequences: ["STOP"] }, {}],
  ])("%s", (_name, request, options) => {
    const converted = convert(request);
    expect(converted.options).toEqual({ num_ctx: 65_536, ...options });
    expect(JSON.stringify(converted)).not.toContain("STOP");
  });

  it.each([
    ["-1", -1],
    ["300", 300],
    ["10m", "10m"],
    ["1h30m", "1h30m"],
  ])("keep_alive %s", (keepAlive, sent) => {
    const request = toOllamaChatRequest(
      toCanonicalRequest({ model: "m", messages: hello }),
      plainModel,
      keepAlive,
    );
    expect(request.keep_alive).toBe(sent);
  });

  it.each<[string, MessagesRequest["thinking"], Capability[], boolean]>([
    ["enabled on a model that can", { type: "enabled", budget_tokens: 1024 }, ["thinking"], true],
    ["adaptive on a model that can", { type: "adaptive" }, ["thinking"], true],
    ["disabled on a model that can", { type: "disabled" }, ["thinking"], false],
    ["absent on a model that can", undefined, ["thinking"], false],
    ["enabled on a model that cannot", { type: "enabled", budget_tokens: 1024 }, [], false],
    ["adaptive on a model that cannot", { type: "adaptive" }, [], false],
  ])("thinking %s", (_name, thinking, capabilities, think) => {
    expect(convert({ thinking }, modelThatCan(...capabilities)).think).toBe(think);
  });

  const schema = { type: "object", properties: { title: { type: "string" } } };
  it.each<[string, MessagesRequest["output_config"], unknown]>([
    ["a schema", { format: { type: "json_schema", schema } }, schema],
    ["null", { format: null }, undefined],
    ["only effort", { effort: "low" }, undefined],
    [
      "a format that came later",
      { format: { type: "yaml" } } as unknown as MessagesRequest["output_config"],
      undefined,
    ],
  ])("output_config.format: %s", (_name, output_config, format) => {
    expect(convert({ output_config }).format).toEqual(format);
  });
});
