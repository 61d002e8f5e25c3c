import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Path, deepFreeze, jsonPaths, replaceAt } from "./__fixtures__/json-paths.js";
import { claudeCodeFixtures, readClaudeCodeBody } from "./__fixtures__/read-fixture.js";
import { canonicalJson } from "./__fixtures__/canonical-json.js";
import { toCanonicalRequest } from "./canonical-request.js";
import { ApiError } from "./errors.js";
import { parseCountTokensRequest, parseMessagesRequest } from "./parse-messages-request.js";

// Whatever a client sends: it is refused as an ApiError, or all that follows works.

function readRequest(body: unknown): "accepted" | "refused" {
  try {
    const canonical = toCanonicalRequest(parseMessagesRequest(deepFreeze(body)));
    assert.deepStrictEqual(toCanonicalRequest(canonical), canonical);
    assert.deepStrictEqual(toCanonicalRequest(parseMessagesRequest(canonical)), canonical);
    canonicalJson(canonical);
    return "accepted";
  } catch (error) {
    if (error instanceof ApiError) return "refused";
    throw error;
  }
}

const block = fc.constantFrom<unknown>(
  { type: "text", text: "" },
  { type: "text", text: "x-anthropic-billing-header: a\nx-anthropic-billing-header: b" },
  { type: "tool_use", id: "a", name: "n", input: {} },
  { type: "tool_result", tool_use_id: "a", content: [{ type: "tool_reference", tool_name: "Bash" }] },
  { type: "tool_result", tool_use_id: "b", content: null, is_error: null },
  { type: "document", source: { type: "content", content: "x", cache_control: {} }, title: null },
  { type: "image", source: { type: "url", url: "x" } },
  { type: "new", cache_control: { type: "ephemeral" }, __proto__: null },
  { role: "system", content: [{ type: "image", source: { type: "file" } }], extra: 1 },
  { role: "user", content: [] },
  { name: "DeferredToolPlaceholder", defer_loading: true },
  JSON.parse('{"__proto__":{"type":"text"},"cache_control":null}'),
);
const replacement = fc.oneof(block, fc.array(block, { maxLength: 3 }), fc.jsonValue());

const fixtures = claudeCodeFixtures.map((name) => {
  const body = readClaudeCodeBody(name);
  const all = [...jsonPaths(body)];
  return {
    body,
    paths: [
      ...all.filter((path) => path[0] !== "tools"),
      ...all.filter((path) => path[0] === "tools").slice(0, 40),
    ],
  };
});

const mutated = fc
  .constantFrom(...fixtures)
  .chain(({ body, paths }) =>
    fc
      .array(fc.tuple(fc.constantFrom(...paths), replacement), { minLength: 1, maxLength: 3 })
      .map((changes) =>
        changes.reduce<unknown>((changed, [path, value]) => tryReplace(changed, path, value), body),
      ),
  );

function tryReplace(value: unknown, path: Path, replaced: unknown): unknown {
  try {
    return replaceAt(value, path, replaced);
  } catch {
    return value;
  }
}

describe("a request that nobody foresaw", () => {
  it("any JSON value is refused or works", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => void readRequest(value)),
      { numRuns: 1000 },
    );
  });

  it("any messages, system and tools are refused or work", () => {
    const anything = fc.oneof(fc.array(replacement, { maxLength: 4 }), replacement);
    const body = fc.record(
      {
        model: fc.constant("m"),
        messages: anything,
        system: anything,
        tools: anything,
        tool_choice: replacement,
      },
      { requiredKeys: ["model", "messages"] },
    );
    fc.assert(
      fc.property(body, (value) => void readRequest(value)),
      { numRuns: 2000 },
    );
  });

  it("a request of Claude Code with parts replaced is refused or works", () => {
    const outcomes = { accepted: 0, refused: 0 };
    fc.assert(
      fc.property(mutated, (value) => {
        outcomes[readRequest(value)] += 1;
      }),
      { numRuns: 1000 },
    );
    expect(Math.min(outcomes.accepted, outcomes.refused)).toBeGreaterThan(50);
  });

  it.each<[string, unknown]>([
    ["input", { type: "tool_use", id: "a", name: "n", input: nested(100_000) }],
    ["unknown block", { type: "new", value: nested(100_000) }],
    ["document", nestedDocuments(100_000)],
  ])("a deeply nested %s is refused", (_case, value) => {
    const body = { model: "m", messages: [{ role: "user", content: [value] }] };
    expect(() => canonicalJson(toCanonicalRequest(parseMessagesRequest(body)))).toThrow(ApiError);
  });
});

function nested(levels: number): unknown {
  let value: unknown = {};
  for (let level = 0; level < levels; level++) value = { a: value };
  return value;
}

function nestedDocuments(levels: number): unknown {
  let value: unknown = { type: "text", text: "x" };
  for (let level = 0; level < levels; level++)
    value = { type: "document", source: { type: "content", content: [value] } };
  return value;
}

describe("a request with 100,000 of something", () => {
  const many = <T>(make: (index: number) => T): T[] =>
    Array.from({ length: 100_000 }, (_, index) => make(index));
  const user = { role: "user", content: "hi" };
  const textBlocks = many((index) => ({ type: "text", text: `${index}` }));

  it.each<[string, object]>([
    [
      "messages",
      { messages: many((index) => ({ role: index % 2 === 0 ? "user" : "assistant", content: "hi" })) },
    ],
    [
      "system messages behind one user message of as many blocks",
      {
        messages: [{ role: "user", content: textBlocks }, ...many(() => ({ role: "system", content: "s" }))],
      },
    ],
    ["blocks in one system message", { messages: [user, { role: "system", content: textBlocks }] }],
    ["blocks in system", { messages: [user], system: textBlocks }],
    ["billing lines", { messages: [user], system: "x-anthropic-billing-header: a\n".repeat(100_000) }],
    [
      "tool calls",
      {
        messages: [
          {
            role: "assistant",
            content: many((index) => ({ type: "tool_use", id: `${index}`, name: "n", input: {} })),
          },
        ],
      },
    ],
    [
      "deferred tools, each referred to",
      {
        tools: many((index) => ({ name: `tool${index}`, defer_loading: true })),
        messages: [
          {
            role: "user",
            content: [
              {
                type: "tool_result",
                tool_use_id: "a",
                content: many((index) => ({ type: "tool_reference", tool_name: `tool${99_999 - index}` })),
              },
            ],
          },
        ],
      },
    ],
  ])("is quick: %s", (_case, fields) => {
    const body = { model: "m", ...fields };
    const started = performance.now();
    canonicalJson(toCanonicalRequest(parseCountTokensRequest(body)));
    expect(performance.now() - started).toBeLessThan(4000);
  });
});
