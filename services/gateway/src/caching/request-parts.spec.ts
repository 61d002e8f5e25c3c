import { describe, expect, it } from "vitest";
import { claudeCodeFixtures, readClaudeCodeBody } from "#anthropic/__fixtures__/read-fixture.js";
import { type CanonicalRequest, toCanonicalRequest } from "#anthropic/canonical-request.js";
import type { MessagesRequest } from "#anthropic/messages.js";
import { hashParts, toPathHashes, toRequestParts } from "./request-parts.js";

const hashPaths = (request: CanonicalRequest, secret = "secret", fingerprint = "f1") =>
  toPathHashes(toRequestParts(request), fingerprint, secret);
const hashRequest = (request: CanonicalRequest) => hashParts(toRequestParts(request));

const request: CanonicalRequest = {
  model: "m",
  max_tokens: 10,
  system: [
    { type: "text", text: "You are terse." },
    { type: "text", text: "Today is Monday." },
  ],
  tools: [{ name: "Read" }, { name: "Write" }],
  messages: [
    { role: "user", content: [{ type: "text", text: "Hi" }] },
    { role: "assistant", content: [{ type: "text", text: "Hello" }] },
  ],
};
const pathsOf = (canonical: CanonicalRequest) => hashPaths(canonical).map(([path]) => path);
const changed = (other: Partial<CanonicalRequest>) => {
  const before = new Map(hashPaths(request));
  return hashPaths({ ...request, ...other })
    .filter(([path, hash]) => before.get(path) !== hash)
    .map(([path]) => path);
};

describe("toPathHashes", () => {
  it("names the parts in the order in which the model reads them", () =>
    expect(pathsOf(request)).toEqual([
      "model",
      "max_tokens",
      "tools[0]",
      "tools[1]",
      "system[0].text",
      "system[1].text",
      "messages[0]",
      "messages[0].content[0]",
      "messages[1]",
      "messages[1].content[0]",
    ]));

  it.each<[string, Partial<CanonicalRequest>, string[]]>([
    ["another output limit", { max_tokens: 11 }, ["max_tokens"]],
    ["a field that was not there", { temperature: 0 }, ["temperature"]],
    ["another tool", { tools: [{ name: "Read" }, { name: "Edit" }] }, ["tools[1]"]],
    [
      "another line of the system prompt",
      {
        system: [
          { type: "text", text: "You are terse." },
          { type: "text", text: "Today is Friday." },
        ],
      },
      ["system[1].text"],
    ],
    [
      "another role",
      {
        messages: [
          { role: "assistant", content: [{ type: "text", text: "Hi" }] },
          ...request.messages.slice(1),
        ],
      },
      ["messages[0]"],
    ],
    [
      "one more block",
      {
        messages: [
          request.messages[0] as never,
          { role: "assistant", content: [...(request.messages[1]?.content ?? []), { type: "unknown" }] },
        ],
      },
      ["messages[1].content[1]"],
    ],
    ["nothing", {}, []],
  ])("tells %s", (_name, other, paths) => expect(changed(other)).toEqual(paths));

  it("names a field of any length shortly, and tells two of them apart", () => {
    const [one, other] = ["a", "b"].map((end) =>
      hashPaths({ ...request, ["x".repeat(100_000) + end]: 1 }).at(2),
    );
    expect(one?.[0]).toBe("x".repeat(64));
    expect(other?.[0]).toBe(one?.[0]);
    expect(other?.[1]).not.toBe(one?.[1]);
  });

  it("lets nothing of the question be read", () => {
    const json = JSON.stringify(hashPaths({ ...request, messages: [], model: "the-secret" }));
    expect(json).not.toContain("secret");
    expect(json).not.toContain("terse");
  });
});

describe("hashParts", () => {
  it.each<[string, object]>([
    ["a field that looks like a part of the system prompt", { "system[0].text": { type: "text" } }],
    ["a field that looks like a tool", { "tools[0]": "Read" }],
    ["a text that looks like two", { system: [{ type: "text", text: 'a",{"type":"text"}]\n["b' }] }],
  ])("takes %s for nothing else", (_name, fields) => {
    const bare = { model: "m", max_tokens: 10, messages: request.messages };
    const others = [
      { ...bare, system: [{ type: "text" as const, text: "system[0].text" }] },
      { ...bare, tools: [{ name: "Read" }] },
      { ...bare, system: ["a", "b"].map((text) => ({ type: "text" as const, text })) },
      bare,
    ];
    const hashes = [...others, { ...bare, ...fields }].map(hashRequest);
    expect(new Set(hashes).size).toBe(hashes.length);
  });

  it("is one for another order of members, and another for another order of parts", () => {
    const { model, messages, ...rest } = request;
    expect(hashRequest({ messages, ...rest, model })).toBe(hashRequest(request));
    expect(hashRequest({ ...request, tools: request.tools?.toReversed() ?? [] })).not.toBe(
      hashRequest(request),
    );
  });

  it("tells where a message ends", () => {
    const blocks = ["a", "b", "c"].map((text) => ({ type: "text" as const, text }));
    const said = (...counts: number[]) => {
      let at = 0;
      const messages = counts.map((count) => ({
        role: "user" as const,
        content: blocks.slice(at, (at += count)),
      }));
      return hashRequest({ model: "m", messages });
    };
    expect(new Set([said(3), said(1, 2), said(2, 1), said(1, 1, 1), said(3, 0), said(0, 3)]).size).toBe(6);
  });
});

describe.each(claudeCodeFixtures.filter((name) => !name.startsWith("count-tokens")))("%s", (name) => {
  const canonical = toCanonicalRequest(readClaudeCodeBody(name) as unknown as MessagesRequest);

  it("has each path once", () => expect(new Set(pathsOf(canonical)).size).toBe(pathsOf(canonical).length));

  it.each(claudeCodeFixtures.filter((other) => !other.startsWith("count-tokens")))(
    "has the same hashes as %s only with the same key",
    (other) => {
      const second = toCanonicalRequest(readClaudeCodeBody(other) as unknown as MessagesRequest);
      const isSame = JSON.stringify(hashPaths(canonical)) === JSON.stringify(hashPaths(second));
      expect(isSame).toBe(hashRequest(canonical) === hashRequest(second));
    },
  );

  it("are keyed: another secret makes other hashes of the same paths", () => {
    const other = hashPaths(request, "another secret");
    expect(other.map(([path]) => path)).toEqual(hashPaths(request).map(([path]) => path));
    for (const [index, [, hash]] of hashPaths(request).entries()) expect(other[index]?.[1]).not.toBe(hash);
  });
});
