import { describe, expect, it } from "vitest";
import { type CanonicalRequest, toCanonicalRequest } from "#anthropic/canonical-request.js";
import type { MessagesRequest } from "#anthropic/messages.js";
import { toCacheKey } from "./cache-key.js";
import { hashParts, toRequestParts } from "./request-parts.js";

const request: MessagesRequest = {
  model: "qwen3-coder:30b",
  system: "You are terse.",
  messages: [{ role: "user", content: "Hello" }],
  max_tokens: 100,
  tools: [{ name: "Read", input_schema: { type: "object", properties: { file_path: { type: "string" } } } }],
};
const hash = (changed: object) => hashParts(toRequestParts(toCanonicalRequest({ ...request, ...changed })));

describe("hashParts", () => {
  it("is a SHA-256 in hex", () => expect(hash({})).toMatch(/^[0-9a-f]{64}$/));

  it.each<[string, object]>([
    ["the stream flag", { stream: true }],
    ["metadata", { metadata: { user_id: "somebody" } }],
    [
      "what a check of its calls is told",
      { safeguards: [{ type: "dangerous_tool_use", classifier_context: { permission_mode: "auto" } }] },
    ],
    ["a system prompt as one block", { system: [{ type: "text", text: "You are terse." }] }],
    [
      "a caching hint",
      {
        messages: [
          {
            role: "user",
            content: [{ type: "text", text: "Hello", cache_control: { type: "ephemeral" } }],
          },
        ],
      },
    ],
    ["a field that is null", { temperature: null }],
    [
      "another order of keys",
      {
        tools: [
          { input_schema: { properties: { file_path: { type: "string" } }, type: "object" }, name: "Read" },
        ],
      },
    ],
    ["another name of the model, whose fingerprint is in the key", { model: "tiny:latest" }],
  ])("stays the same with %s", (_name, changed) => expect(hash(changed)).toBe(hash({})));

  it.each<[string, object]>([
    ["another message", { messages: [{ role: "user", content: "Hello!" }] }],
    ["another system prompt", { system: "You are verbose." }],
    ["no system prompt", { system: undefined }],
    ["no tools", { tools: [] }],
    ["another tool choice", { tool_choice: { type: "any" } }],
    ["another output limit", { max_tokens: 101 }],
    ["a temperature", { temperature: 0 }],
    ["stop sequences", { stop_sequences: ["END"] }],
    ["thinking", { thinking: { type: "adaptive" } }],
    ["an unknown field", { from_the_future: 1 }],
  ])("changes with %s", (_name, changed) => expect(hash(changed)).not.toBe(hash({})));

  it("does not read two texts as one", () => {
    const split = (texts: string[]) =>
      hash({ messages: [{ role: "user", content: texts.map((text) => ({ type: "text", text })) }] });
    expect(split(["ab", "c"])).not.toBe(split(["a", "bc"]));
  });

  it("refuses a request that is nested without end", () => {
    let nested: unknown = {};
    for (let depth = 0; depth < 5000; depth++) nested = [nested];
    const canonical = { ...request, messages: [], nested } as unknown as CanonicalRequest;
    expect(() => toRequestParts(canonical)).toThrow("nested deeper");
  });
});

describe("toCacheKey", () => {
  const scope = { tenant: "alice", fingerprint: "f1" };

  it("is the same for the same request, tenant and fingerprint", () =>
    expect(toCacheKey("h", scope)).toBe(toCacheKey("h", { ...scope })));

  it.each([
    ["another tenant", "h", { ...scope, tenant: "bob" }],
    ["no tenant", "h", { ...scope, tenant: "-" }],
    ["another fingerprint", "h", { ...scope, fingerprint: "f2" }],
    ["another request", "i", scope],
    ["a tenant that swallows the fingerprint", "h", { tenant: 'alice","f1', fingerprint: "" }],
    ["tenant and fingerprint exchanged", "h", { tenant: "f1", fingerprint: "alice" }],
  ])("differs for %s", (_name, requestHash, other) =>
    expect(toCacheKey(requestHash, other)).not.toBe(toCacheKey("h", scope)),
  );
});
