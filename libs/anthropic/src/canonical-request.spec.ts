import { describe, expect, it } from "vitest";
import { deepFreeze } from "./__fixtures__/json-paths.js";
import { canonicalJson } from "./__fixtures__/canonical-json.js";
import { toCanonicalRequest } from "./canonical-request.js";
import { parseCountTokensRequest } from "./parse-messages-request.js";

const key = (body: unknown) => canonicalJson(toCanonicalRequest(parseCountTokensRequest(deepFreeze(body))));

const hint = { cache_control: { type: "ephemeral" } };
const text = (value: string, rest: object = {}) => ({ type: "text", text: value, ...rest });
const user = (...content: unknown[]) => ({ role: "user", content });
const assistant = (...content: unknown[]) => ({ role: "assistant", content });
const system = (content: unknown, rest: object = {}) => ({ role: "system", content, ...rest });
const use = (id: string, rest: object = {}) => ({
  type: "tool_use",
  id,
  name: "Read",
  input: { path: "a" },
  ...rest,
});
const result = (id: string, rest: object = {}) => ({
  type: "tool_result",
  tool_use_id: id,
  content: "ok",
  ...rest,
});
const body = (fields: object = {}) => ({
  model: "m",
  messages: [{ role: "user", content: "hi" }],
  ...fields,
});
const messages = (...list: unknown[]) => body({ messages: list });
const one = (...content: unknown[]) => messages(user(...content));
const tools = (...list: unknown[]) => body({ tools: list });
const read = {
  name: "Read",
  description: "reads",
  input_schema: { type: "object", properties: { path: { type: "string" } } },
};
const write = { ...read, name: "Write" };
const placeholder = {
  name: "DeferredToolPlaceholder",
  description: "d",
  input_schema: {},
  defer_loading: true,
};
const billing = "x-anthropic-billing-header: cc_version=2.1.330.87b; cc_entrypoint=sdk-cli;";
const image = (data: string) => ({
  type: "image",
  source: { type: "base64", media_type: "image/png", data },
});
const document = (...content: unknown[]) => ({ type: "document", source: { type: "content", content } });
const call = (...ids: [string, string, string, string]) =>
  messages(
    user(text("q")),
    assistant(use(ids[0]), use(ids[1])),
    user(result(ids[2], { content: "1" }), result(ids[3], { content: "2" })),
  );

describe("the same to the model", () => {
  it.each<[string, unknown, unknown]>([
    [
      "key order",
      { model: "m", messages: [{ role: "user", content: [{ type: "text", text: "hi" }] }] },
      { messages: [{ content: [{ text: "hi", type: "text" }], role: "user" }], model: "m" },
    ],
    [
      "key order in input and schema",
      messages(assistant(use("a", { input: { x: 1, y: { p: 1, q: 2 } } }))),
      messages(assistant(use("a", { input: { y: { q: 2, p: 1 }, x: 1 } }))),
    ],
    ["cache_control at the top", body(), body(hint)],
    ["cache_control at a system block", body({ system: [text("s")] }), body({ system: [text("s", hint)] })],
    ["cache_control at a text block", one(text("x")), one(text("x", hint))],
    ["cache_control at an image", one(image("AA")), one({ ...image("AA"), ...hint })],
    [
      "an empty answer begun",
      messages(user(text("q"))),
      messages(user(text("q")), { role: "assistant", content: "" }),
    ],
    [
      "an answer in one message or two",
      messages(user(text("q")), assistant(text("a"), use("a")), user(result("a"))),
      messages(user(text("q")), assistant(text("a")), assistant(use("a")), user(result("a"))),
    ],
    [
      "results of one turn in one message or two, in whatever order",
      messages(assistant(use("a"), use("b")), user(result("a"), result("b", { content: "other" }))),
      messages(assistant(use("a"), use("b")), user(result("b", { content: "other" })), user(result("a"))),
    ],
    [
      "what stands beside results in a message of its own",
      messages(user(text("q")), assistant(use("a")), user(text("x"), result("a"), text("y"))),
      messages(user(text("q")), assistant(use("a")), user(text("x")), user(result("a")), user(text("y"))),
    ],
    [
      "what stands in messages of its own before results",
      messages(assistant(use("a")), user(text("x"), text("y"), result("a"))),
      messages(assistant(use("a")), user(text("x")), user(text("y")), user(result("a"))),
    ],
    [
      "several empty answers begun",
      messages(user(text("q"))),
      messages(user(text("q")), { role: "assistant", content: "" }, { role: "assistant", content: [] }),
    ],
    ...[null, ""].map((content): [string, unknown, unknown] => [
      `a compaction whose summary is ${JSON.stringify(content)}`,
      one(text("q")),
      one({ type: "compaction", content }, text("q")),
    ]),
    [
      "null members of the settings",
      body({ output_config: { effort: "low" }, thinking: { type: "adaptive" } }),
      body({
        output_config: { effort: "low", format: null },
        thinking: { type: "adaptive", budget_tokens: null },
      }),
    ],
    ["an output_config that says nothing", body(), body({ output_config: { format: null } })],
    ...[null, false].map((isSingle): [string, unknown, unknown] => [
      `disable_parallel_tool_use ${isSingle}`,
      body({ tools: [read], tool_choice: { type: "any" } }),
      body({ tools: [read], tool_choice: { type: "any", disable_parallel_tool_use: isSingle } }),
    ]),
    [
      "the output format under the name that it had in a beta",
      body({ output_config: { format: { type: "json_schema", schema: {} } } }),
      body({ output_format: { type: "json_schema", schema: {} } }),
    ],
    ["cache_control at a tool_use", messages(assistant(use("a"))), messages(assistant(use("a", hint)))],
    ["cache_control at a tool_result", one(result("a")), one(result("a", hint))],
    [
      "cache_control inside a tool_result",
      one(result("a", { content: [text("x"), image("A")] })),
      one(result("a", { content: [text("x", hint), { ...image("A"), ...hint }] })),
    ],
    [
      "cache_control inside a document",
      one(document(text("x"))),
      one({ ...document(text("x", hint)), ...hint }),
    ],
    [
      "cache_control at a tool_reference",
      one(result("a", { content: [{ type: "tool_reference", tool_name: "X" }] })),
      one(result("a", { content: [{ type: "tool_reference", tool_name: "X", ...hint }] })),
    ],
    [
      "cache_control at an unknown block",
      one({ type: "new", value: 1 }),
      one({ type: "new", value: 1, ...hint }),
    ],
    ["cache_control at a message", one(text("x")), messages({ ...user(text("x")), ...hint })],
    ["cache_control at a system message", messages(user(), system("s")), messages(user(), system("s", hint))],
    [
      "cache_control in a system message",
      messages(user(), system([text("s")])),
      messages(user(), system([text("s", hint)])),
    ],
    ["cache_control at a tool", tools(read), tools({ ...read, ...hint })],
    ["cache_control null", one(text("x")), one(text("x", { cache_control: null }))],
    ["other tool ids", call("a", "b", "a", "b"), call("toolu_01X", "toolu_01Y", "toolu_01X", "toolu_01Y")],
    ["other tool ids, results in the other order", call("a", "b", "b", "a"), call("y", "x", "x", "y")],
    [
      "results in the order in which the tools ended",
      call("a", "b", "a", "b"),
      messages(
        user(text("q")),
        assistant(use("a"), use("b")),
        user(result("b", { content: "2" }), result("a", { content: "1" })),
      ),
    ],
    [
      "the same where a later turn uses the ids again",
      messages(
        assistant(use("a"), use("b")),
        user(),
        assistant(use("b"), use("a")),
        user(result("b"), result("a")),
      ),
      messages(
        assistant(use("a"), use("b")),
        user(),
        assistant(use("b"), use("a")),
        user(result("a"), result("b")),
      ),
    ],
    [
      "ids that look like renamed ones",
      call("toolu_2", "toolu_1", "toolu_2", "toolu_1"),
      call("a", "b", "a", "b"),
    ],
    [
      "ids that every object has",
      call("__proto__", "constructor", "__proto__", "constructor"),
      call("a", "b", "a", "b"),
    ],
    [
      "another billing block",
      body({ system: [text(billing), text("s")] }),
      body({ system: [text(billing.replace("87b", "e08")), text("s")] }),
    ],
    ["no billing block", body({ system: [text(billing), text("s")] }), body({ system: [text("s")] })],
    ["a billing block alone", body({ system: [text(billing)] }), body()],
    [
      "a billing line joined with the prompt",
      body({ system: `${billing}\nYou are` }),
      body({ system: "You are" }),
    ],
    ["metadata", body(), body({ metadata: { user_id: "x" } })],
    ["safeguards", body(), body({ safeguards: [{ type: "dangerous_tool_use" }] })],
    ["a thread that begins", body(), body({ thread: { type: "create" } })],
    ["tool_choice auto", body(), body({ tool_choice: { type: "auto" } })],
    ["thinking that is off", body(), body({ thinking: { type: "disabled" } })],
    ["no stop sequences", body(), body({ stop_sequences: [] })],
    [
      "a custom tool that is not strict",
      body({ tools: [{ name: "f", input_schema: {} }] }),
      body({ tools: [{ name: "f", input_schema: {}, type: "custom", strict: false }] }),
    ],
    [
      "cache_control in a search result",
      one({ type: "search_result", content: [text("x")] }),
      one({ type: "search_result", content: [text("x", hint)] }),
    ],
    ["a compaction and its text", one(text("x")), one({ type: "compaction", content: "x" })],
    ["stream", body({ stream: true }), body({ stream: false })],
    ["no stream", body({ stream: true }), body()],
    ["system as text", body({ system: "s" }), body({ system: [text("s")] })],
    ["content as text", messages({ role: "user", content: "x" }), one(text("x"))],
    ["a tool_result as text", one(result("a", { content: "x" })), one(result("a", { content: [text("x")] }))],
    [
      "a document as text",
      one({ type: "document", source: { type: "content", content: "x" } }),
      one(document(text("x"))),
    ],
    ["a system message as text", messages(user(), system("s")), messages(user(), system([text("s")]))],
    ["an empty text block", one(text("x")), one(text(""), text("x"), text(""))],
    [
      "an empty text block in a tool_result",
      one(result("a", { content: [text("")] })),
      one(result("a", { content: "" })),
    ],
    ["an empty text block in system", body({ system: [text(""), text("s")] }), body({ system: "s" })],
    ["empty system", body({ system: "" }), body({ system: [] })],
    ["no system", body({ system: "" }), body()],
    [
      "an empty system message",
      messages(user(text("x")), assistant(text("y")), system("")),
      messages(user(text("x")), assistant(text("y"))),
    ],
    [
      "a tool_result without content",
      one(result("a", { content: undefined })),
      one(result("a", { content: [] })),
    ],
    ["is_error false", one(result("a")), one(result("a", { is_error: false }))],
    ["is_error null", one(result("a")), one(result("a", { is_error: null }))],
    [
      "null fields at the top",
      body(),
      body({
        system: null,
        tools: null,
        temperature: null,
        thinking: null,
        max_tokens: null,
        stop_sequences: null,
        output_config: null,
        tool_choice: null,
      }),
    ],
    [
      "null fields of blocks",
      one(text("x"), image("A")),
      one(text("x", { citations: null }), { ...image("A"), title: null }),
    ],
    [
      "null fields of tools",
      tools({ name: "n" }),
      tools({ name: "n", description: null, input_schema: null, type: null }),
    ],
    ["no tools", body(), tools()],
    ["DeferredToolPlaceholder", tools(read, write), tools(read, placeholder, write)],
    ["DeferredToolPlaceholder alone", body(), tools(placeholder)],
    [
      "defer_loading of a tool that is last",
      tools(read, write),
      tools(read, { ...write, defer_loading: true }),
    ],
    ["eager_input_streaming", tools(read, write), tools(read, { ...write, eager_input_streaming: true })],
    ["defer_loading false", tools(read), tools({ ...read, defer_loading: false })],
  ])("%s", (_case, first, second) => {
    expect(key(first)).toBe(key(second));
  });
});

describe("not the same to the model", () => {
  const schema = (properties: object) => tools({ ...read, input_schema: { type: "object", properties } });
  it.each<[string, unknown, unknown]>([
    ["text", one(text("x")), one(text("y"))],
    ["white space", one(text("x")), one(text("x "))],
    [
      "one call at a time",
      body({ tools: [read], tool_choice: { type: "any" } }),
      body({ tools: [read], tool_choice: { type: "any", disable_parallel_tool_use: true } }),
    ],
    ["a number beyond all numbers", tools({ ...read, max: Infinity }), tools({ ...read, max: "Infinity" })],
    ["one block or two", one(text("xy")), one(text("x"), text("y"))],
    ["system", body({ system: "s" }), body({ system: "t" })],
    [
      "system behind the same billing line",
      body({ system: `${billing}\nYou are A` }),
      body({ system: `${billing}\nYou are B` }),
    ],
    [
      "a text that only begins like the billing line",
      body({ system: "x-anthropic-billing-headers are" }),
      body(),
    ],
    ["the billing line in a user message", one(text(billing)), one(text(`${billing}2`))],
    ["a billing line further down", body({ system: `s\n${billing}` }), body({ system: "s\n" })],
    ["model", body(), body({ model: "n" })],
    ["max_tokens", body({ max_tokens: 1 }), body({ max_tokens: 2 })],
    ["temperature", body({ temperature: 0 }), body({ temperature: 1 })],
    ["temperature 0 and none", body({ temperature: 0 }), body()],
    ["top_p", body({ top_p: 0.5 }), body({ top_p: 1 })],
    ["top_k", body({ top_k: 1 }), body({ top_k: 2 })],
    ["stop_sequences", body({ stop_sequences: ["a"] }), body({ stop_sequences: ["b"] })],
    ["order of stop_sequences", body({ stop_sequences: ["a", "b"] }), body({ stop_sequences: ["b", "a"] })],
    [
      "thinking",
      body({ thinking: { type: "enabled", budget_tokens: 1 } }),
      body({ thinking: { type: "disabled" } }),
    ],
    [
      "thinking budget",
      body({ thinking: { type: "enabled", budget_tokens: 1 } }),
      body({ thinking: { type: "enabled", budget_tokens: 2 } }),
    ],
    [
      "output_config",
      body({ output_config: { effort: "low" } }),
      body({ output_config: { effort: "high" } }),
    ],
    [
      "output format",
      body({ output_config: { format: { type: "json_schema", schema: { a: 1 } } } }),
      body({ output_config: { format: { type: "json_schema", schema: { a: 2 } } } }),
    ],
    ["tool_choice", body({ tool_choice: { type: "auto" } }), body({ tool_choice: { type: "none" } })],
    ["tool_choice and none", body({ tool_choice: { type: "none" } }), body()],
    [
      "one call at a time and several",
      body({ tool_choice: { type: "auto", disable_parallel_tool_use: true } }),
      body(),
    ],
    ["an unknown field", body(), body({ context_management: { edits: [] } })],
    ["a false unknown field", body(), body({ unknown: false })],
    ["role", one(text("x")), messages(assistant(text("x")))],
    [
      "order of messages",
      messages(user(text("x")), assistant(text("y"))),
      messages(assistant(text("y")), user(text("x"))),
    ],
    [
      "one user message or two",
      messages(user(text("x"), text("y"))),
      messages(user(text("x")), user(text("y"))),
    ],
    ["order of blocks", one(text("x"), text("y")), one(text("y"), text("x"))],
    ["image data", one(image("AA")), one(image("AB"))],
    [
      "media type",
      one(image("AA")),
      one({ type: "image", source: { type: "base64", media_type: "image/gif", data: "AA" } }),
    ],
    ["document content", one(document(text("x"))), one(document(text("y")))],
    [
      "document title",
      one({ ...document(text("x")), title: "a" }),
      one({ ...document(text("x")), title: "b" }),
    ],
    [
      "thinking in the history",
      messages(assistant({ type: "thinking", thinking: "a", signature: "" })),
      messages(assistant({ type: "thinking", thinking: "b", signature: "" })),
    ],
    ["an unknown field of a message", one(text("x")), messages({ ...user(text("x")), name: "bob" })],
    [
      "an unknown field of a system message",
      messages(user(), system("s")),
      messages(user(), system("s", { tool_changes: [1] })),
    ],
    [
      "another unknown field of a system message",
      messages(user(), system("", { tool_changes: [2] })),
      messages(user(), system("", { tool_changes: [1] })),
    ],
    [
      "an image in a system message",
      messages(user(), system([image("AA")])),
      messages(user(), system([image("AB")])),
    ],
    [
      "an unknown block in a system message",
      messages(user(), system([{ type: "new", a: 1 }])),
      messages(user(), system([{ type: "new", a: 2 }])),
    ],
    [
      "an unknown field of a text in a system message",
      messages(user(), system([text("s", { a: 1 })])),
      messages(user(), system([text("s", { a: 2 })])),
    ],
    ["an unknown block", one(), one({ type: "new" })],
    ["an unknown block's fields", one({ type: "new", a: 1 }), one({ type: "new", a: 2 })],
    ["cache_control deep in an unknown block", one({ type: "new", a: {} }), one({ type: "new", a: hint })],
    [
      "an unknown field of a tool_reference",
      one({ type: "tool_reference", tool_name: "X" }),
      one({ type: "tool_reference", tool_name: "X", a: 1 }),
    ],
    [
      "another tool_reference",
      one(result("a", { content: [{ type: "tool_reference", tool_name: "X" }] })),
      one(result("a", { content: [{ type: "tool_reference", tool_name: "Y" }] })),
    ],
    [
      "__proto__ in an input",
      messages(assistant(use("a", { input: JSON.parse('{"__proto__":1}') }))),
      messages(assistant(use("a", { input: {} }))),
    ],
    [
      "__proto__ of a block",
      JSON.parse(
        '{"model":"m","messages":[{"role":"user","content":[{"type":"new","cache_control":1,"__proto__":{"a":1}}]}]}',
      ),
      one({ type: "new" }),
    ],
    [
      "__proto__ at the top",
      JSON.parse('{"model":"m","messages":[{"role":"user","content":"hi"}],"__proto__":{"a":1}}'),
      body(),
    ],
    [
      "__proto__ of a message",
      JSON.parse('{"model":"m","messages":[{"role":"user","content":"hi","__proto__":{"a":1}}]}'),
      body(),
    ],
    ["results of swapped ids", call("a", "b", "a", "b"), call("a", "b", "b", "a")],
    ["an id that is used again", call("a", "b", "a", "b"), call("a", "a", "a", "a")],
    [
      "an answer to no call",
      messages(assistant(use("a")), user(result("a"))),
      messages(assistant(use("a")), user(result("b"))),
    ],
    ["tool input", messages(assistant(use("a"))), messages(assistant(use("a", { input: { path: "b" } })))],
    [
      "null and nothing in a tool input",
      messages(assistant(use("a", { input: { path: null } }))),
      messages(assistant(use("a", { input: {} }))),
    ],
    [
      "an empty text in a tool input",
      messages(assistant(use("a", { input: { path: "" } }))),
      messages(assistant(use("a", { input: {} }))),
    ],
    [
      "cache_control in a tool input",
      messages(assistant(use("a", { input: hint }))),
      messages(assistant(use("a", { input: {} }))),
    ],
    [
      "cache_control deep in a tool input",
      messages(assistant(use("a", { input: { x: [hint] } }))),
      messages(assistant(use("a", { input: { x: [{}] } }))),
    ],
    ["cache_control as a parameter of a tool", schema(hint), schema({})],
    ["metadata and stream as parameters", schema({ metadata: {}, stream: {} }), schema({})],
    [
      "an id in a tool input",
      messages(assistant(use("a", { input: { id: "a" } }))),
      messages(assistant(use("a", { input: { id: "b" } }))),
    ],
    ["tool name", tools(read), tools(write)],
    ["tool description", tools(read), tools({ ...read, description: "other" })],
    ["tool schema", schema({ a: {} }), schema({ b: {} })],
    ["null in a tool schema", schema({ a: { default: null } }), schema({ a: {} })],
    ["tool type", tools(read), tools({ ...read, type: "bash_20250124" })],
    ["unknown field of a tool", tools(read), tools({ ...read, strict: true })],
    ["tool order", tools(read, write), tools(write, read)],
    ["tools and none", tools(read), body()],
    ["is_error", one(result("a")), one(result("a", { is_error: true }))],
    ["tool_result content", one(result("a")), one(result("a", { content: "no" }))],
  ])("%s", (_case, first, second) => {
    expect(key(first)).not.toBe(key(second));
  });
});

describe("system messages", () => {
  const reminder = (value: string) => text(`<system-reminder>\n${value}\n</system-reminder>\n`);
  it.each<[string, unknown[], unknown[]]>([
    [
      "go to the front of the user message before",
      [user(text("a"), text("b")), system("S")],
      [user(reminder("S"), text("a"), text("b"))],
    ],
    [
      "keep their order",
      [user(text("a")), system("S"), system("T"), system([text("U"), text("V")])],
      [user(...["S", "T", "U", "V"].map(reminder), text("a"))],
    ],
    [
      "go to the last user message only",
      [user(text("a")), user(text("b")), system("S")],
      [user(text("a")), user(reminder("S"), text("b"))],
    ],
    [
      "are a message of their own behind an answer",
      [user(text("a")), assistant(text("b")), system("S"), user(text("c"))],
      [user(text("a")), assistant(text("b")), user(reminder("S")), user(text("c"))],
    ],
    [
      "are one message of their own in a row",
      [assistant(text("b")), system("S"), system("T")],
      [assistant(text("b")), user(reminder("S"), reminder("T"))],
    ],
    [
      "are a message of their own at the start",
      [system("S"), user(text("a"))],
      [user(reminder("S")), user(text("a"))],
    ],
    [
      "start anew at each user message",
      [user(text("a")), system("S"), assistant(text("b")), user(text("c")), system("T")],
      [user(reminder("S"), text("a")), assistant(text("b")), user(reminder("T"), text("c"))],
    ],
    [
      "stand before tool results too",
      [user(result("x")), system("S")],
      [user(reminder("S"), { ...result("toolu_1"), content: [text("ok")] })],
    ],
    [
      "keep what is no text, unwrapped",
      [user(text("a")), system([image("AA"), text("S")])],
      [user(image("AA"), reminder("S"), text("a"))],
    ],
    [
      "keep fields of their own in a block",
      [user(text("a")), system("S", { x: 1 })],
      [user({ type: "unknown", fields: { x: 1 } }, reminder("S"), text("a"))],
    ],
    ["leave nothing when empty", [assistant(text("b")), system([text("")])], [assistant(text("b"))]],
  ])("%s", (_case, before, after) => {
    expect(toCanonicalRequest(parseCountTokensRequest(messages(...before))).messages).toEqual(after);
  });
});
