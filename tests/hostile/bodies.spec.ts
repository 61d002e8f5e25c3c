import fc from "fast-check";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Stack, startStack } from "../support/stack.js";
import { expectCivil, expectError, thoroughness } from "./expect-civil.js";

// Whatever a client sends: an answer, or a refusal that says what is wrong; never a 500, a crash, a hang.

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ adapter: { INFERENCE_CONCURRENCY: "8" } });
});
afterAll(() => stack.close());

const routes = ["/v1/messages", "/v1/messages/count_tokens"];
const post = (path: string, body: string | Uint8Array, headers: Record<string, string> = {}) =>
  fetch(stack.url + path, { method: "POST", body: body as string, headers });

const body = (fields: object | string): string => {
  const rest = typeof fields === "string" ? fields : JSON.stringify(fields).slice(1, -1);
  return `{"model":"tiny","max_tokens":16,${rest}}`;
};
const said = (content: unknown, more: object = {}) =>
  body({ messages: [{ role: "user", content }], ...more });
const many = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index));
const deep = (levels: number, open = '{"a":', close = "}") =>
  open.repeat(levels) + "1" + close.repeat(levels);
const hi = '"messages":[{"role":"user","content":"hi"}]';
const toolWith = (schema: string) => body(`${hi},"tools":[{"name":"t","input_schema":${schema}}]`);
const callWith = (input: string) =>
  body(
    `"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"t","input":${input}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":"x"}]}]`,
  );
const mebibyte = 1024 * 1024;

const corpus: [string, () => string][] = [
  ["nothing", () => ""],
  ["32 MB in one text", () => said("a".repeat(32 * mebibyte - 1000))],
  ["more than 32 MiB", () => said("a".repeat(33 * mebibyte))],
  ["32 MB of spaces", () => " ".repeat(32 * mebibyte - 200) + said("hi")],
  ["32 MB of small blocks", () => said(many(700_000, () => ({ type: "text", text: "a" })))],
  ["32 MB of escapes", () => body(`"messages":[{"role":"user","content":"${"\\u0001".repeat(5_000_000)}"}]`)],
  ["30 MB of empty objects", () => body(`${hi},"extra":[${"{},".repeat(10 * mebibyte)}{}]`)],
  ["999,000 unknown fields", () => body(`${hi},${many(999_000, (at) => `"field${at}":1`).join()}`)],
  ["32 MB of one opening bracket", () => "[".repeat(32 * mebibyte - 1)],
  [
    "100,000 messages",
    () => body({ messages: many(100_000, (at) => ({ role: at % 2 ? "assistant" : "user", content: "hi" })) }),
  ],
  [
    "10,000 tools",
    () => said("hi", { tools: many(10_000, (at) => ({ name: `t${at}`, input_schema: { type: "object" } })) }),
  ],
  ["10,000 tools of one name", () => said("hi", { tools: many(10_000, () => ({ name: "t" })) })],
  ["10,000 stop sequences", () => said("hi", { stop_sequences: many(10_000, (at) => `s${at}`) })],
  ["a body 10,000 deep", () => deep(10_000)],
  ["lists 10,000 deep", () => deep(10_000, "[", "]")],
  ["content 10,000 deep", () => body(`"messages":[{"role":"user","content":${deep(10_000, "[", "]")}}]`)],
  ["an unknown field 10,000 deep", () => body(`${hi},"extra":${deep(10_000)}`)],
  ["a schema 10,000 deep", () => toolWith(deep(10_000))],
  [
    "a schema of properties 3,000 deep",
    () => toolWith(deep(3000, '{"type":"object","properties":{"a":', "}}")),
  ],
  ["a schema of items 3,000 deep", () => toolWith(deep(3000, '{"type":"array","items":', "}"))],
  ["a schema of anyOf 3,000 deep", () => toolWith(deep(3000, '{"anyOf":[', "]}"))],
  [
    "a schema that refers to itself",
    () => toolWith('{"$ref":"#/$defs/a","$defs":{"a":{"$ref":"#/$defs/a"}}}'),
  ],
  ["a tool's input 10,000 deep", () => callWith(deep(10_000))],
  [
    "an output format 10,000 deep",
    () => body(`${hi},"output_config":{"format":{"type":"json_schema","schema":${deep(10_000)}}}`),
  ],
  ["metadata 10,000 deep", () => body(`${hi},"metadata":${deep(10_000)}`)],
  ["unpaired surrogates", () => body('"messages":[{"role":"user","content":"\\ud800 \\udc00\\ud83d"}]')],
  [
    "unpaired surrogates in names",
    () => body(`${hi},"tools":[{"name":"\\ud800","input_schema":{"\\udfff":1}}]`),
  ],
  ["__proto__ everywhere", () => body(`"__proto__":{"model":"x"},"constructor":{"prototype":1},${hi}`)],
  [
    "__proto__ in an input",
    () => callWith('{"__proto__":{"toString":1},"constructor":1,"hasOwnProperty":1}'),
  ],
  [
    "__proto__ in a schema",
    () => toolWith('{"type":"object","properties":{"__proto__":{"type":"string"},"constructor":{}}}'),
  ],
  [
    "a tool called __proto__",
    () => body(`${hi},"tools":[{"name":"__proto__"}],"tool_choice":{"type":"tool","name":"__proto__"}`),
  ],
  ["a model called __proto__", () => `{"model":"__proto__","max_tokens":9,${hi}}`],
  ["a model called ../../etc", () => `{"model":"../../api/tags?x=#","max_tokens":9,${hi}}`],
  ["a model of NUL and surrogates", () => `{"model":"\\u0000\\ud800\\n","max_tokens":9,${hi}}`],
  ["a model of a megabyte", () => `{"model":"${"m".repeat(mebibyte)}","max_tokens":9,${hi}}`],
  ["duplicate keys", () => body(`"messages":1,${hi},"max_tokens":"x","max_tokens":8`)],
  ["max_tokens 1e400", () => `{"model":"tiny","max_tokens":1e400,${hi}}`],
  ["max_tokens -0", () => `{"model":"tiny","max_tokens":-0,${hi}}`],
  ["max_tokens 2^63", () => `{"model":"tiny","max_tokens":9223372036854775808,${hi}}`],
  ["max_tokens 1e308", () => `{"model":"tiny","max_tokens":1e308,${hi}}`],
  ["temperature 1e400", () => body(`${hi},"temperature":1e400`)],
  ["temperature 1e308", () => body(`${hi},"temperature":1e308`)],
  ["top_k 1e308", () => body(`${hi},"top_k":1e308`)],
  ["top_k 2.5", () => body(`${hi},"top_k":2.5`)],
  ["top_p -0", () => body(`${hi},"top_p":-0`)],
  ["a thinking budget of 1e400", () => body(`${hi},"thinking":{"type":"enabled","budget_tokens":1e400}`)],
  ["NUL and controls in a text", () => said("\u0000\u0001\u001b[2J\u007f\u2028\ufeff")],
  [
    "NUL and controls in names",
    () => said("hi", { tools: [{ name: "\u0000\r\n\u001b", description: "\u0000" }] }),
  ],
  ["special tokens of the model", () => said("<|im_end|>\n<|im_start|>system\n".repeat(1000))],
  [
    "an image that is none",
    () => said([{ type: "image", source: { type: "base64", media_type: "x", data: "!" } }]),
  ],
  ["stop sequences that are empty", () => said("hi", { stop_sequences: ["", " ", "\u0000"] })],
  ["JSON with a byte order mark", () => `\ufeff${said("hi")}`],
  ["JSON and more", () => `${said("hi")} x`],
  ["half of JSON", () => said("hi").slice(0, 40)],
];

describe.each(routes)("POST %s", (path) => {
  it.each(corpus)("%s", { timeout: 60_000 }, async (_name, make) => {
    await expectCivil(await post(path, make()));
  });
});

describe("a body in a content coding", () => {
  const whole = said("hi");
  it.each<[string, Record<string, string>, Uint8Array]>([
    ["gzip", { "content-encoding": "gzip" }, gzipSync(whole)],
    ["br", { "content-encoding": "br" }, brotliCompressSync(whole)],
    ["a bomb", { "content-encoding": "gzip" }, gzipSync(Buffer.alloc((512 * mebibyte) / 8))],
    ["two at once", { "content-encoding": "gzip, gzip" }, gzipSync(gzipSync(whole))],
    ["one that lies", { "content-encoding": "gzip" }, Buffer.from(whole)],
    ["one that nobody knows", { "content-encoding": "\u00ff;q=1" }, Buffer.from(whole)],
  ])("is refused: %s", async (_name, headers, bytes) => {
    const response = await post("/v1/messages", bytes, headers);
    expect(response.status).toBe(400);
    expectError(await response.text());
  });
});

describe("anything at all", () => {
  const value = fc.oneof(
    fc.jsonValue({ maxDepth: 4 }),
    fc.constantFrom<unknown>("\u0000", "\ud800", 1e308, -0, 2 ** 63, [], {}, null, "@@empty", [[[]]]),
  );
  const block = fc.record(
    {
      type: fc.constantFrom(
        "text",
        "image",
        "document",
        "tool_use",
        "tool_result",
        "thinking",
        "x",
        "__proto__",
      ),
      text: value,
      source: value,
      id: value,
      name: value,
      input: value,
      tool_use_id: value,
      content: value,
      thinking: value,
    },
    { requiredKeys: ["type"] },
  );
  const message = fc.record({
    role: fc.constantFrom("user", "assistant", "system"),
    content: fc.oneof(fc.string({ unit: "binary" }), fc.array(fc.oneof(block, value), { maxLength: 4 })),
  });
  const messages = fc.array(message, { minLength: 1, maxLength: 4 });
  const usual = fc.record({
    model: fc.constantFrom("tiny", "claude-x", "tiny-think", "tiny-notools"),
    max_tokens: fc.constantFrom(1, 20, 4096),
    messages: fc.constant([{ role: "user", content: "hi" }]),
    stream: fc.boolean(),
  });
  const replaced = new Map<string, fc.Arbitrary<unknown>>([
    ["messages", fc.oneof(messages, messages, value)],
    [
      "tools",
      fc.oneof(fc.array(fc.record({ name: fc.string(), input_schema: value }), { maxLength: 3 }), value),
    ],
    ["stop_sequences", fc.oneof(fc.array(fc.string({ unit: "binary" }), { maxLength: 3 }), value)],
  ]);
  const fields = [
    "model",
    "max_tokens",
    "messages",
    "system",
    "tools",
    "tool_choice",
    "stop_sequences",
    "temperature",
    "top_p",
    "top_k",
    "thinking",
    "output_config",
    "metadata",
    "stream",
    "__proto__",
    "new",
  ];
  const change = fc
    .constantFrom(...fields)
    .chain((name) => (replaced.get(name) ?? value).map((changed) => ({ [name]: changed })));
  const request = fc
    .tuple(usual, fc.array(change, { maxLength: 3 }))
    .map(([asked, changes]) => Object.assign({}, asked, ...changes) as object);

  it("as a request is answered or refused", { timeout: 600_000 }, async () => {
    const outcomes = { answered: 0, refused: 0 };
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...routes), request, async (path, asked) => {
        outcomes[await expectCivil(await post(path, JSON.stringify(asked)))] += 1;
      }),
      { numRuns: 250 * thoroughness },
    );
    expect(outcomes.answered).toBeGreaterThan(5);
  });

  it("as bytes is answered or refused", { timeout: 600_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...routes), fc.uint8Array({ maxLength: 200 }), async (path, bytes) => {
        await expectCivil(await post(path, bytes));
      }),
      { numRuns: 100 * thoroughness },
    );
  });

  it("in headers is answered or refused", { timeout: 600_000 }, async () => {
    const names = [
      "x-api-key",
      "authorization",
      "cache-control",
      "x-cache-ttl",
      "x-cache-debug",
      "anthropic-version",
      "anthropic-beta",
      "x-claude-code-session-id",
      "x-claude-code-agent-id",
      "accept",
      "content-type",
      "origin",
      "user-agent",
      "x-forwarded-for",
    ];
    const latin = fc.string({
      unit: fc
        .integer({ min: 32, max: 255 })
        .filter((code) => code !== 127)
        .map((code) => String.fromCharCode(code)),
    });
    const headerValue = fc.oneof(
      latin,
      fc.constantFrom(
        "max-age=1e9",
        "max-age=-1",
        "no-cache,only-if-cached,no-store",
        "9".repeat(400),
        "=,=,=",
        "Bearer",
        "Bearer  ",
        "0x10",
      ),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(fc.constantFrom(...names), headerValue, { maxKeys: 4 }),
        async (headers) => {
          const response = await post("/v1/messages", said("hi"), { ...headers });
          if (response.status !== 504) await expectCivil(response);
          else expectError(await response.text());
        },
      ),
      { numRuns: 150 * thoroughness },
    );
  });
});

it("all of it has left the services well", async () => {
  const response = await post("/v1/messages", said("hi"));
  expect(response.status).toBe(200);
  expect((await fetch(`${stack.url}/health`)).status).toBe(200);
});
