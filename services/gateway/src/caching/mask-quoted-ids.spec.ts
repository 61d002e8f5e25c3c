import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { type CanonicalRequest, toCanonicalRequest } from "#anthropic/canonical-request.js";
import { mintRequestId, mintToolUseId } from "#anthropic/ids.js";
import type { InputMessage } from "#anthropic/messages.js";
import { maskQuotedIds } from "./mask-quoted-ids.js";
import { hashParts, toRequestParts } from "./request-parts.js";

const [a, b] = [mintToolUseId(), mintToolUseId()];
/** As smolagents' ToolCallingAgent writes a call that was made. */
const calling = (...ids: string[]) => `Calling tools:\n${ids.map((id) => `[{'id': '${id}'}]`).join("\n")}`;
const said = (role: "user" | "assistant", content: InputMessage["content"]): CanonicalRequest =>
  toCanonicalRequest({
    model: "m",
    messages: [
      { role: "user", content: "Weather?" },
      { role, content },
      { role: "user", content: "Observation:\nsunny" },
    ],
  });
const hashOf = (request: CanonicalRequest, session?: string) =>
  hashParts(toRequestParts(maskQuotedIds(request, session).request));

describe("ids of calls in what the assistant has said", () => {
  it("make no difference to the key", () => {
    expect(hashOf(said("assistant", calling(a)))).toBe(hashOf(said("assistant", calling(b))));
    expect(hashOf(said("assistant", calling(a, b, a)))).toBe(hashOf(said("assistant", calling(b, a, b))));
  });

  it.each<[string, string]>([
    ["which is which", calling(a, a)],
    ["their number", calling(a)],
    ["the words around them", `${calling(a, b)}!`],
    ["ids that are longer", calling(`${a}x`, b)],
  ])("%s makes one", (_name, text) =>
    expect(hashOf(said("assistant", text))).not.toBe(hashOf(said("assistant", calling(a, b)))),
  );

  it("are told, each once, and the request is not changed", () => {
    const request = said("assistant", calling(a, b, a));
    const before = structuredClone(request);
    expect(maskQuotedIds(request).quotedIds).toEqual([a, b]);
    expect(request).toEqual(before);
  });
});

describe("the session's id behind a picture of Claude Code's", () => {
  const [one, other] = [randomUUID(), randomUUID()];
  const source = (id: string, name = "1.png") =>
    `[Image: source: /tmp/claude-0/-home-dev-app/${id}/images/${name}]`;

  it("makes no difference to the key, and is told", () => {
    expect(hashOf(said("user", source(one)))).toBe(hashOf(said("user", source(other))));
    expect(maskQuotedIds(said("user", source(one))).quotedIds).toEqual([one]);
  });

  it("makes one in a prompt, and so does the rest of the path", () => {
    expect(hashOf(said("user", source(one, "2.png")))).not.toBe(hashOf(said("user", source(one))));
    const prompt = `${source(one)}\nWhat is it?`;
    expect(maskQuotedIds(said("user", prompt)).quotedIds).toEqual([]);
  });
});

describe("the asker's own session's id behind a compaction", () => {
  const [one, other] = [randomUUID(), randomUUID()];
  const summary = (id: string) =>
    said("user", `Read the full transcript at: /root/.claude/projects/-home-dev-app/${id}.jsonl\nGo on.`);

  it("makes no difference to the key, and is told", () => {
    expect(hashOf(summary(one), one)).toBe(hashOf(summary(other), other));
    expect(maskQuotedIds(summary(one), one).quotedIds).toEqual([one]);
  });

  it("makes one where it is another session's", () => {
    expect(hashOf(summary(one), other)).not.toBe(hashOf(summary(other), other));
    expect(maskQuotedIds(summary(one)).quotedIds).toEqual([]);
  });

  it("makes one in a result", () => {
    const read = said("user", [{ type: "tool_result", tool_use_id: a, content: `/tmp/${one}/a` }]);
    expect(maskQuotedIds(read, one).quotedIds).toEqual([]);
  });

  it("is no word that a client calls its session", () =>
    expect(maskQuotedIds(said("user", "Go on."), "Go").quotedIds).toEqual([]));
});

describe("the id of the request that was refused for a picture", () => {
  const [one, other] = [mintRequestId(), mintRequestId()];
  const note = (id: string) =>
    `[Image removed: the API could not process this image (400 {"type":"error","request_id":"${id}). Do not retry.]`;
  const result = (text: string) =>
    said("user", [{ type: "tool_result", tool_use_id: a, content: [{ type: "text", text }] }]);

  it("makes no difference to the key, and is told", () => {
    expect(hashOf(said("user", note(one)))).toBe(hashOf(said("user", note(other))));
    expect(hashOf(result(note(one)))).toBe(hashOf(result(note(other))));
    expect(maskQuotedIds(result(note(one))).quotedIds).toEqual([one]);
  });

  it("makes one in anything else", () =>
    expect(hashOf(result(` ${note(one)}`))).not.toBe(hashOf(result(` ${note(other)}`))));
});

it.each<[string, CanonicalRequest]>([
  ["what the user says", said("user", calling(a))],
  ["a result", said("user", [{ type: "tool_result", tool_use_id: a, content: calling(a) }])],
  ["a call", said("assistant", [{ type: "tool_use", id: a, name: "grep", input: { pattern: b } }])],
])("ids in %s belong to the question", (_name, request) =>
  expect(maskQuotedIds(request)).toEqual({ request, quotedIds: [] }),
);
