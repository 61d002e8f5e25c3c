import assert from "node:assert/strict";
import { describe, expect, it } from "vitest";
import { claudeCodeFixtures, readClaudeCodeBody } from "./__fixtures__/read-fixture.js";
import { ApiError } from "./errors.js";
import { parseCountTokensRequest, parseMessagesRequest } from "./parse-messages-request.js";

const user = { role: "user", content: "hi" };
const body = (fields: object = {}) => ({ model: "m", messages: [user], ...fields });
const withBlock = (block: unknown) => body({ messages: [{ role: "user", content: [block] }] });
const inResult = (block: unknown) => withBlock({ type: "tool_result", tool_use_id: "t", content: [block] });
const inDocument = (block: unknown) =>
  withBlock({ type: "document", source: { type: "content", content: [block] } });
const text = { type: "text", text: "x" };
const document = { type: "document", source: { type: "text", media_type: "text/plain", data: "d" } };
const weather = { name: "weather", input_schema: { type: "object" } };

describe("accepted", () => {
  it.each(claudeCodeFixtures)("Claude Code's %s", (name) => {
    const original = readClaudeCodeBody(name);
    const before = structuredClone(original);
    expect(parseMessagesRequest(original)).toBe(original);
    expect(parseCountTokensRequest(original)).toBe(original);
    expect(original).toEqual(before);
  });

  it.each<[string, unknown]>([
    ["no max_tokens", body()],
    ["unknown fields everywhere", { ...withBlock({ ...text, foo: 1 }), foo: { bar: [] }, betas: ["x"] }],
    [
      "null for every optional field",
      body(
        Object.fromEntries(
          [
            "system max_tokens stream temperature top_p top_k stop_sequences tools tool_choice thinking",
            "metadata output_config context_management cache_control",
          ]
            .join(" ")
            .split(" ")
            .map((name) => [name, null]),
        ),
      ),
    ],
    ["metadata that is no object", body({ metadata: "x" })],
    ["system as text", body({ system: "s" })],
    ["system as an empty list", body({ system: [] })],
    ["role system, as text", body({ messages: [user, { role: "system", content: "s" }] })],
    ["role system, as blocks", body({ messages: [user, { role: "system", content: [text] }] })],
    ["role system alone", body({ messages: [{ role: "system", content: "s" }] })],
    ["the assistant last", body({ messages: [user, { role: "assistant", content: "{" }] })],
    ["two user messages in a row", body({ messages: [user, user] })],
    ["empty content", body({ messages: [{ role: "user", content: [] }] })],
    ["empty text", body({ messages: [{ role: "user", content: "" }] })],
    ["an unknown block type", withBlock({ type: "server_tool_use", id: 5 })],
    ["an unknown block in a tool_result", inResult({ type: "search_result" })],
    ["redacted thinking", withBlock({ type: "redacted_thinking", data: "x" })],
    ["thinking without a signature", withBlock({ type: "thinking", thinking: "t" })],
    ["a tool_result without content", withBlock({ type: "tool_result", tool_use_id: "t" })],
    ["a tool_result with null content", withBlock({ type: "tool_result", tool_use_id: "t", content: null })],
    ["a tool_result with text", withBlock({ type: "tool_result", tool_use_id: "t", content: "c" })],
    ["a tool_reference", inResult({ type: "tool_reference", tool_name: "X" })],
    ["an image by URL", withBlock({ type: "image", source: { type: "url", url: "u" } })],
    ["an image of an unknown source", withBlock({ type: "image", source: { type: "new" } })],
    ["a document of text", withBlock(document)],
    ["a document of blocks", inDocument(text)],
    ["a document in a tool_result", inResult(document)],
    ["a document of an unknown source", withBlock({ type: "document", source: { type: "new" } })],
    [
      "a server tool, whose fields are not ours",
      body({ tools: [{ type: "web_search_20250305", max_uses: 3 }] }),
    ],
    ["a custom tool", body({ tools: [{ ...weather, type: "custom", description: null }] })],
    ["tool_choice auto", body({ tool_choice: { type: "auto" } })],
    ["tool_choice of a tool", body({ tools: [weather], tool_choice: { type: "tool", name: "weather" } })],
    ["unknown thinking and output_config", body({ thinking: { type: "new" }, output_config: { x: 1 } })],
    ["an unknown output format", body({ output_config: { format: { type: "grammar" } } })],
    ["a null output format", body({ output_config: { format: null } })],
    ["zero temperature", body({ temperature: 0, top_p: 0, top_k: 0 })],
    ["a high temperature", body({ temperature: 2, top_p: 1, top_k: 1000 })],
    ["stop sequences", body({ stop_sequences: ["a", ""] })],
    ["stop sequences as long as may be", body({ stop_sequences: ["a".repeat(65_535), "b"] })],
    [
      "__proto__ and constructor as keys",
      JSON.parse(
        '{"model":"m","__proto__":{"x":1},"constructor":1,"messages":[{"role":"user","content":"x","__proto__":{}}]}',
      ),
    ],
  ])("%s", (_case, value) => {
    expect(parseMessagesRequest(value)).toBe(value);
  });
});

function messageOf(parse: (value: unknown) => unknown, value: unknown): string {
  try {
    parse(value);
  } catch (error) {
    assert(error instanceof ApiError);
    expect(error).toMatchObject({ type: "invalid_request_error", status: 400, shouldRetry: false });
    return error.message;
  }
  return "accepted";
}

describe("refused by both", () => {
  const block = "messages.0.content.0";
  const object = "Input should be an object";
  const string = "Input should be a valid string";
  it.each<[string, unknown, string]>([
    ["nothing", undefined, "The request body must be a JSON object"],
    ["null", null, "The request body must be a JSON object"],
    ["a list", [], "The request body must be a JSON object"],
    ["a text", "{}", "The request body must be a JSON object"],
    ["no model", { messages: [user] }, "model: Field required"],
    ["a null model", body({ model: null }), "model: Input should be a non-empty string"],
    ["an empty model", body({ model: "" }), "model: Input should be a non-empty string"],
    [
      "a model that comes with the prototype alone",
      JSON.parse('{"__proto__":{"model":"m"}}'),
      "model: Field required",
    ],
    ["no messages", { model: "m" }, "messages: Field required"],
    ["null messages", body({ messages: null }), "messages: Input should be a valid list"],
    ["messages as text", body({ messages: "hi" }), "messages: Input should be a valid list"],
    [
      "messages as an object",
      body({ messages: { 0: user, length: 1 } }),
      "messages: Input should be a valid list",
    ],
    ["no message", body({ messages: [] }), "messages: at least one message is required"],
    ...["system", "assistant"].flatMap((role) =>
      ["", [], [{ type: "text", text: "" }]].map((content): [string, unknown, string] => [
        `nothing but an empty message of role ${role}: ${JSON.stringify(content)}`,
        body({ messages: [{ role, content }] }),
        "messages: at least one message must have non-empty content",
      ]),
    ),
    ["a null message", body({ messages: [user, null] }), `messages.1: ${object}`],
    [
      "no role",
      body({ messages: [{ content: "x" }] }),
      "messages.0.role: Input should be 'user' or 'assistant'",
    ],
    [
      "role tool",
      body({ messages: [{ role: "tool", content: "x" }] }),
      "messages.0.role: Input should be 'user' or 'assistant'",
    ],
    ["no content", body({ messages: [{ role: "user" }] }), "messages.0.content: Field required"],
    [
      "null content",
      body({ messages: [{ role: "user", content: null }] }),
      "messages.0.content: Input should be a string or a list of content blocks",
    ],
    [
      "content as a block",
      body({ messages: [{ role: "user", content: text }] }),
      "messages.0.content: Input should be a string or a list of content blocks",
    ],
    ["a block as text", withBlock("x"), `${block}: ${object}`],
    ["a block without a type", withBlock({ text: "x" }), `${block}.type: Field required`],
    ["a text block without text", withBlock({ type: "text" }), `${block}.text: Field required`],
    ["a text block with null", withBlock({ type: "text", text: null }), `${block}.text: ${string}`],
    [
      "thinking without thinking",
      withBlock({ type: "thinking", signature: "s" }),
      `${block}.thinking: Field required`,
    ],
    ["an image without a source", withBlock({ type: "image" }), `${block}.source: ${object}`],
    [
      "an image source without a type",
      withBlock({ type: "image", source: {} }),
      `${block}.source.type: Field required`,
    ],
    [
      "an image without data",
      withBlock({ type: "image", source: { type: "base64", media_type: "image/png" } }),
      `${block}.source.data: Field required`,
    ],
    [
      "an image without a media type",
      withBlock({ type: "image", source: { type: "base64", data: "x" } }),
      `${block}.source.media_type: Field required`,
    ],
    [
      "an image without a URL",
      withBlock({ type: "image", source: { type: "url" } }),
      `${block}.source.url: Field required`,
    ],
    [
      "a tool_use without an id",
      withBlock({ type: "tool_use", name: "n", input: {} }),
      `${block}.id: Field required`,
    ],
    [
      "a tool_use without a name",
      withBlock({ type: "tool_use", id: "t", input: {} }),
      `${block}.name: Field required`,
    ],
    [
      "a tool_use without input",
      withBlock({ type: "tool_use", id: "t", name: "n" }),
      `${block}.input: ${object}`,
    ],
    [
      "a tool_use with a list as input",
      withBlock({ type: "tool_use", id: "t", name: "n", input: [] }),
      `${block}.input: ${object}`,
    ],
    [
      "a tool_result without an id",
      withBlock({ type: "tool_result", content: "x" }),
      `${block}.tool_use_id: Field required`,
    ],
    [
      "a tool_result with a number",
      withBlock({ type: "tool_result", tool_use_id: "t", content: 5 }),
      `${block}.content: Input should be a string or a list of content blocks`,
    ],
    [
      "a wrong block in a tool_result",
      inResult({ type: "text", text: 5 }),
      `${block}.content.0.text: ${string}`,
    ],
    [
      "a tool_result in a tool_result",
      inResult({ type: "tool_result", tool_use_id: "t" }),
      `${block}.content.0: a tool_result cannot stand inside a tool_result`,
    ],
    ...["title", "context"].map((field): [string, unknown, string] => [
      `an odd ${field} of a document`,
      inResult({ ...document, [field]: { toString: 1, valueOf: 1 } }),
      `${block}.content.0.${field}: ${string}`,
    ]),
    ...["title", "source"].map((field): [string, unknown, string] => [
      `an odd ${field} of a search result`,
      inResult({ type: "search_result", source: "s", title: "t", content: [], [field]: {} }),
      `${block}.content.0.${field}: ${string}`,
    ]),
    [
      "an odd media type of a document",
      inResult({ type: "document", source: { type: "base64", media_type: 5, data: "aGk=" } }),
      `${block}.content.0.source.media_type: ${string}`,
    ],
    [
      "a call in a tool_result",
      inResult({ type: "tool_use", id: "t", name: "f", input: {} }),
      `${block}.content.0: a tool_use cannot stand inside a tool_result`,
    ],
    [
      "a tool_result in a document",
      inDocument({ type: "tool_result", tool_use_id: "t" }),
      `${block}.source.content.0: a tool_result cannot stand inside a document`,
    ],
    [
      "a document in a document",
      inDocument(document),
      `${block}.source.content.0: a document cannot stand inside a document`,
    ],
    [
      "a tool_reference without a name",
      inResult({ type: "tool_reference" }),
      `${block}.content.0.tool_name: Field required`,
    ],
    ["a document without a source", withBlock({ type: "document" }), `${block}.source: ${object}`],
    [
      "a document source without a type",
      withBlock({ type: "document", source: {} }),
      `${block}.source.type: Field required`,
    ],
    [
      "a text document without data",
      withBlock({ type: "document", source: { type: "text" } }),
      `${block}.source.data: Field required`,
    ],
    [
      "a document without content",
      withBlock({ type: "document", source: { type: "content" } }),
      `${block}.source.content: Input should be a string or a list of content blocks`,
    ],
    [
      "system as a block",
      body({ system: text }),
      "system: Input should be a string or a list of text blocks",
    ],
    [
      "system with an image",
      body({ system: [text, { type: "image" }] }),
      "system.1: Input should be a text block",
    ],
    ["a system block without text", body({ system: [{ type: "text" }] }), "system.0.text: Field required"],
    ["tools as an object", body({ tools: {} }), "tools: Input should be a valid list"],
    ["a tool as text", body({ tools: ["weather"] }), `tools.0: ${object}`],
    ["a tool without a name", body({ tools: [weather, {}] }), "tools.1.name: Field required"],
    ["a tool's type as a number", body({ tools: [{ ...weather, type: 1 }] }), `tools.0.type: ${string}`],
    [
      "a known tool without a name",
      body({ tools: [{ type: "bash_20250124" }] }),
      "tools.0.name: Field required",
    ],
    [
      "a known tool named by a number",
      body({ tools: [{ type: "bash_20250124", name: 5 }] }),
      `tools.0.name: ${string}`,
    ],
    [
      "a tool of a new type with a schema and no name",
      body({ tools: [{ type: "new_20300101", input_schema: {} }] }),
      "tools.0.name: Field required",
    ],
    [
      "nothing but an empty summary",
      { ...body(), messages: [{ role: "assistant", content: [{ type: "compaction", content: null }] }] },
      "messages: at least one message must have non-empty content",
    ],
    [
      "a tool whose name is empty",
      body({ tools: [{ ...weather, name: "" }] }),
      "tools.0.name: Input should have at least 1 character",
    ],
    ["a custom tool without a name", body({ tools: [{ type: "custom" }] }), "tools.0.name: Field required"],
    [
      "a tool whose description is no text",
      body({ tools: [{ ...weather, description: 1 }] }),
      `tools.0.description: ${string}`,
    ],
    [
      "a tool whose schema is a list",
      body({ tools: [{ name: "n", input_schema: [] }] }),
      `tools.0.input_schema: ${object}`,
    ],
    [
      "tool_choice as text",
      body({ tool_choice: "auto" }),
      "tool_choice: Input should be an object with a type",
    ],
    [
      "tool_choice without a type",
      body({ tool_choice: {} }),
      "tool_choice: Input should be an object with a type",
    ],
    [
      "tool_choice without its tool's name",
      body({ tool_choice: { type: "tool" } }),
      "tool_choice.name: Field required",
    ],
    [
      "tool_choice of a tool that is not there",
      body({ tools: [weather], tool_choice: { type: "tool", name: "rain" } }),
      "tool_choice: Tool 'rain' not found in provided tools",
    ],
    [
      "tool_choice of a tool without tools",
      body({ tool_choice: { type: "tool", name: "rain" } }),
      "tool_choice: Tool 'rain' not found in provided tools",
    ],
    [
      "tool_choice of an unknown type",
      body({ tools: [weather], tool_choice: { type: "required" } }),
      "tool_choice: Input tag 'required' is none of 'auto', 'any', 'tool', 'none'",
    ],
    [
      "tool_choice any without tools",
      body({ tools: [], tool_choice: { type: "any" } }),
      "tool_choice: tool_choice may only be specified while providing tools",
    ],
    [
      "disable_parallel_tool_use as text",
      body({ tools: [weather], tool_choice: { type: "auto", disable_parallel_tool_use: "yes" } }),
      "tool_choice.disable_parallel_tool_use: Input should be a valid boolean",
    ],
    ["thinking as text", body({ thinking: "on" }), `thinking: ${object}`],
    [
      "a thinking budget as text",
      body({ thinking: { type: "enabled", budget_tokens: "2000" } }),
      "thinking.budget_tokens: Input should be a valid number",
    ],
    [
      "an output format whose schema means nothing",
      body({ output_config: { format: { type: "json_schema", schema: { type: "text" } } } }),
      "output_config.format.schema.type: Input should be one of string, number, integer, boolean, null, object, array",
    ],
    [
      "the same under the name that it had in a beta",
      body({ output_format: { type: "json_schema", schema: { anyOf: [] } } }),
      "output_format.schema.anyOf: Input should be a list with at least one schema",
    ],
    ["output_config as a list", body({ output_config: [] }), `output_config: ${object}`],
    [
      "an output format as text",
      body({ output_config: { format: "json" } }),
      `output_config.format: ${object}`,
    ],
    [
      "an output format without its schema",
      body({ output_config: { format: { type: "json_schema" } } }),
      `output_config.format.schema: ${object}`,
    ],
    [
      "a result in a message of the assistant's",
      body({
        messages: [
          user,
          { role: "assistant", content: [{ type: "tool_result", tool_use_id: "a", content: "x" }] },
          user,
        ],
      }),
      "messages.1: `tool_result` blocks can only be in `user` messages",
    ],
    [
      "a result in a system message",
      body({ messages: [user, { role: "system", content: [{ type: "tool_result", tool_use_id: "a" }] }] }),
      "messages.1: `tool_result` blocks can only be in `user` messages",
    ],
    [
      "a call in a message of the user's",
      body({ messages: [{ role: "user", content: [{ type: "tool_use", id: "a", name: "f", input: {} }] }] }),
      "messages.0: `tool_use` blocks can only be in `assistant` messages",
    ],
    [
      "an image in a message of the assistant's",
      body({
        messages: [
          user,
          {
            role: "assistant",
            content: [{ type: "image", source: { type: "base64", media_type: "image/png", data: "" } }],
          },
          user,
        ],
      }),
      "messages.1: `image` blocks can only be in `user` messages",
    ],
  ])("%s", (_case, value, message) => {
    expect(messageOf(parseMessagesRequest, value)).toBe(message);
    expect(messageOf(parseCountTokensRequest, value)).toBe(message);
  });
});

describe("a last message of the assistant's", () => {
  const ending = (content: unknown, fields: object = {}) =>
    body({ messages: [user, { role: "assistant", content }], ...fields });
  const trailing = "messages: final assistant content cannot end with trailing whitespace";
  const format = { type: "json_schema", schema: { type: "object" } };
  const call = { type: "tool_use", id: "toolu_1", name: "weather", input: {} };

  it.each<[string, unknown]>([
    ["text", ending("The answer is")],
    ["a block", ending([{ type: "text", text: "{" }])],
    ["nothing", ending("")],
    ["no blocks", ending([])],
    ["blocks of odd types", ending(["constructor", "toString", "__proto__"].map((type) => ({ type })))],
    ["a call, then text", ending([call, { type: "text", text: "So" }])],
    [
      "white space before what a system message says",
      body({ messages: [user, { role: "assistant", content: "a " }, { role: "system", content: "s" }] }),
    ],
    ["white space in the middle", body({ messages: [user, { role: "assistant", content: "a " }, user] })],
  ])("may be %s", (_case, value) => {
    expect(messageOf(parseMessagesRequest, value)).toBe("accepted");
  });

  it.each<[string, unknown, string]>([
    ["text that ends in a blank", ending("The answer is "), trailing],
    ["a block that ends in a new line", ending([{ type: "text", text: "a\n" }]), trailing],
    [
      "a block that ends in a blank before an empty one",
      ending([
        { type: "text", text: "a " },
        { type: "text", text: "" },
      ]),
      trailing,
    ],
    [
      "a call without its result",
      ending([call]),
      "messages.1: `tool_use` ids were found without `tool_result` blocks immediately after: toolu_1",
    ],
    ...[
      { role: "assistant", content: "" },
      { role: "assistant", content: [{ type: "text", text: "" }] },
      { role: "assistant", content: [{ type: "later", data: 1 }] },
      { role: "system", content: "" },
    ].map((empty): [string, unknown, string] => [
      `text that ends in a blank before ${JSON.stringify(empty)}`,
      body({ messages: [user, { role: "assistant", content: "a " }, empty] }),
      trailing,
    ]),
    [
      "text that ends in a blank before a block that is not known",
      ending([
        { type: "text", text: "a " },
        { type: "later", data: 1 },
      ]),
      trailing,
    ],
    [
      "a call without its result before nothing",
      body({ messages: [user, { role: "assistant", content: [call] }, { role: "assistant", content: [] }] }),
      "messages.1: `tool_use` ids were found without `tool_result` blocks immediately after: toolu_1",
    ],
    [
      "the begin of a JSON answer before nothing",
      body({
        messages: [user, { role: "assistant", content: "{" }, { role: "assistant", content: "" }],
        output_config: { format },
      }),
      "messages: a prefilled assistant message cannot be combined with output_config.format",
    ],
    [
      "a thought",
      ending([{ type: "thinking", thinking: "t", signature: "s" }]),
      "messages.1: The final block in an assistant message cannot be `thinking`",
    ],
    [
      "the begin of a JSON answer, which has a begin of its own",
      ending("{", { output_config: { format } }),
      "messages: a prefilled assistant message cannot be combined with output_config.format",
    ],
  ])("cannot be %s", (_case, value, message) => {
    expect(messageOf(parseMessagesRequest, value)).toBe(message);
    expect(messageOf(parseCountTokensRequest, value)).toBe("accepted");
  });
});

describe("refused for an answer, not read for counting tokens", () => {
  const whole = "Input should be a whole number greater than or equal to 1";
  const upTo = (limit: number) => `Input should be a number from 0 to ${limit}`;
  it.each<[string, object, string]>([
    ["zero max_tokens", { max_tokens: 0 }, `max_tokens: ${whole}`],
    ["negative max_tokens", { max_tokens: -1 }, `max_tokens: ${whole}`],
    ["half a token", { max_tokens: 1.5 }, `max_tokens: ${whole}`],
    ["max_tokens as text", { max_tokens: "100" }, `max_tokens: ${whole}`],
    ["endless max_tokens", { max_tokens: Number.POSITIVE_INFINITY }, `max_tokens: ${whole}`],
    ["negative temperature", { temperature: -0.1 }, `temperature: ${upTo(2)}`],
    ["a temperature beyond a float", { temperature: 1e39 }, `temperature: ${upTo(2)}`],
    ["temperature as text", { temperature: "1" }, `temperature: ${upTo(2)}`],
    ["endless top_p", { top_p: Number.POSITIVE_INFINITY }, `top_p: ${upTo(1)}`],
    ["more than all of top_p", { top_p: 1.01 }, `top_p: ${upTo(1)}`],
    ["top_k beyond an integer", { top_k: 1e10 }, `top_k: ${upTo(2_147_483_647)}`],
    ["top_k as a list", { top_k: [1] }, `top_k: ${upTo(2_147_483_647)}`],
    ["stream as text", { stream: "true" }, "stream: Input should be a valid boolean"],
    [
      "stop_sequences as text",
      { stop_sequences: "x" },
      "stop_sequences: Input should be a valid list of strings",
    ],
    [
      "stop_sequences of numbers",
      { stop_sequences: ["x", 1] },
      "stop_sequences: Input should be a valid list of strings",
    ],
    [
      "a stop sequence that is too long",
      { stop_sequences: ["a".repeat(65_537)] },
      "stop_sequences: Input should have at most 65536 characters in all",
    ],
    [
      "too many stop_sequences",
      { stop_sequences: Array.from({ length: 125_000 }, (_, index) => `s${index}`) },
      "stop_sequences: Input should have at most 65536 characters in all",
    ],
  ])("%s", (_case, fields, message) => {
    expect(messageOf(parseMessagesRequest, body(fields))).toBe(message);
    expect(messageOf(parseCountTokensRequest, body(fields))).toBe("accepted");
  });
});
