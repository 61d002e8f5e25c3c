import assert from "node:assert/strict";
import { describe, expect, it } from "vitest";
import { type Path, deepFreeze, jsonPaths, replaceAt, valueAt } from "./__fixtures__/json-paths.js";
import { claudeCodeFixtures, readClaudeCodeBody } from "./__fixtures__/read-fixture.js";
import { canonicalJson } from "./__fixtures__/canonical-json.js";
import { toCanonicalRequest } from "./canonical-request.js";
import type { MessagesRequest } from "./messages.js";

/** The billing block and the placeholder tool, which go away whole. */
const isDropped = (value: unknown) =>
  /^\{"type":"text","text":"x-anthropic-billing-header:|^\{"name":"DeferredToolPlaceholder"/.test(
    JSON.stringify(value),
  );

const read = (name: string) => deepFreeze(readClaudeCodeBody(name)) as unknown as MessagesRequest;

describe.each(claudeCodeFixtures)("Claude Code's %s in canonical form", (name) => {
  const request = read(name);
  const canonical = toCanonicalRequest(request);

  it("changes no more when made canonical again", () => {
    assert.deepStrictEqual(toCanonicalRequest(deepFreeze(canonical)), canonical);
  });

  it("parses back from its JSON", () => {
    assert.deepStrictEqual(JSON.parse(canonicalJson(canonical)), canonical);
  });

  it("holds nothing that differs between runs", () => {
    const json = canonicalJson(canonical);
    for (const word of [
      "cache_control",
      "billing",
      "session_id",
      "toolu_test",
      "DeferredToolPlaceholder",
      "defer_loading",
    ])
      expect(json.includes(word)).toBe(false);
  });

  it("differs when any text of system, messages or tools does", () => {
    const json = canonicalJson(canonical);
    const hasMeaning = (path: Path) =>
      ["system", "messages", "tools"].includes(String(path[0])) &&
      !path.includes("cache_control") &&
      !["id", "tool_use_id"].includes(String(path.at(-1))) &&
      !isDropped(valueAt(request, path.slice(0, 2)));
    const texts = [...jsonPaths(request)].filter(
      (path) => hasMeaning(path) && typeof valueAt(request, path) === "string",
    );
    expect(texts.length).toBeGreaterThan(1);
    for (const path of texts) {
      const changed = replaceAt(request, path, `${String(valueAt(request, path))}!`) as MessagesRequest;
      expect(canonicalJson(toCanonicalRequest(changed)), path.join(".")).not.toBe(json);
    }
  });
});

describe("a prompt that grows keeps its prefix, for the backend's KV cache", () => {
  const grow = (earlier: MessagesRequest, later: MessagesRequest) => {
    const before = toCanonicalRequest(earlier);
    const after = toCanonicalRequest(later);
    expect(after.system).toEqual(before.system);
    expect(after.tools?.slice(0, before.tools?.length)).toEqual(before.tools);
    expect(after.messages.slice(0, before.messages.length)).toEqual(before.messages);
    expect(after.messages.length).toBeGreaterThan(before.messages.length);
    return { before, after };
  };

  it.each([
    ["first-turn", "after-tool-result"],
    ["after-tool-result", "after-three-tool-results"],
    ["first-turn", "after-three-tool-results"],
    ["first-turn", "after-thinking-and-tools"],
    ["first-turn-2.1.330", "after-tool-result-2.1.330"],
  ])("%s → %s", (earlier, later) => {
    const { before, after } = grow(read(earlier), read(later));
    expect(after.tools).toEqual(before.tools);
  });

  it("after a tool search the found tools come last, in the order in which they were found", () => {
    const later = read("after-tool-search-2.1.330");
    const earlier = { ...read("first-turn-2.1.330"), messages: later.messages.slice(0, 2) };
    const { before, after } = grow(earlier, later);
    const found = after.tools?.slice(before.tools?.length).map((tool) => tool.name);
    expect(found).toEqual(["WebSearch", "TaskStop", "CronList"]);
    expect(after.messages.at(-1)?.content).toEqual([
      {
        type: "tool_result",
        tool_use_id: "toolu_1",
        content: ["WebSearch", "TaskStop", "CronList"].map((tool) => ({
          type: "text",
          text: `Tool ${tool} is available now.`,
        })),
      },
    ]);
  });

  it("after a second tool search the tools of the first stay where they are", () => {
    const first = read("after-tool-search-2.1.330");
    const references = ["CronList", "CronCreate", "Bash"].map((tool_name) => ({
      type: "tool_reference" as const,
      tool_name,
    }));
    const second: MessagesRequest = {
      ...first,
      tools: [{ name: "CronCreate", defer_loading: true }, ...(first.tools ?? [])],
      messages: [
        ...first.messages,
        { role: "assistant", content: [{ type: "tool_use", id: "x", name: "ToolSearch", input: {} }] },
        { role: "user", content: [{ type: "tool_result", tool_use_id: "x", content: references }] },
      ],
    };
    const { before, after } = grow(first, second);
    expect(after.tools?.slice(before.tools?.length)).toEqual([{ name: "CronCreate" }]);
  });
});

describe("the same turn of another run", () => {
  it("has the same key with other tool ids, session, billing block and hints", () => {
    const request = read("after-three-tool-results");
    const other = JSON.parse(
      JSON.stringify({ ...request, metadata: { user_id: "other" } })
        .replaceAll("toolu_test", "toolu_01Other")
        .replaceAll("2.1.197.ac5", "2.1.197.789")
        .replaceAll('"cache_control":{"type":"ephemeral"}', '"cache_control":null'),
    ) as MessagesRequest;
    expect(canonicalJson(toCanonicalRequest(other))).toBe(canonicalJson(toCanonicalRequest(request)));
  });

  it("has the same key when asked without streaming", () => {
    const { stream: _stream, ...request } = read("first-turn");
    expect(canonicalJson(toCanonicalRequest(request))).toBe(
      canonicalJson(toCanonicalRequest(read("first-turn"))),
    );
  });
});
