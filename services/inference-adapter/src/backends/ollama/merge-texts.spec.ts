import { describe, expect, it } from "vitest";
import { mergeTexts } from "./merge-texts.js";
import type { OllamaChatChunk } from "./ollama-wire.js";

const chat = (content: string, more: object = {}): OllamaChatChunk => ({
  message: { content, ...more },
  done: false,
});
const raw = (response: string): OllamaChatChunk => ({ response, done: false });
const call = { tool_calls: [{ function: { name: "Read", arguments: {} } }] };
const end: OllamaChatChunk = { message: { content: "" }, done: true, eval_count: 3 };

describe("mergeTexts", () => {
  it.each<[string, OllamaChatChunk[], OllamaChatChunk[]]>([
    ["nothing", [], []],
    ["texts of /api/chat", [chat("a"), chat("b"), chat("c")], [chat("abc")]],
    ["texts of /api/generate", [raw("a"), raw("b")], [raw("ab")]],
    ["not the end", [chat("a"), chat("b"), end], [chat("ab"), end]],
    ["not around a call", [chat("a"), chat("", call), chat("b")], [chat("a"), chat("", call), chat("b")]],
    [
      "not thinking",
      [chat("a", { thinking: "t" }), chat("b"), chat("c")],
      [chat("a", { thinking: "t" }), chat("bc")],
    ],
    ["no error", [chat("a"), { error: "gone" }, chat("b")], [chat("a"), { error: "gone" }, chat("b")]],
    ["not the one with the other", [raw("a"), chat("b")], [raw("a"), chat("b")]],
    [
      "nothing that is no text",
      [chat("a"), { message: { content: 1 as never }, done: false }, chat("b")],
      [chat("a"), { message: { content: 1 as never }, done: false }, chat("b")],
    ],
  ])("%s", (_name, lines, merged) => expect(mergeTexts(structuredClone(lines))).toEqual(merged));

  it("keeps what else stood in the first line", () => {
    const [line] = mergeTexts([chat("a", { role: "assistant" }), chat("b", { role: "assistant" })]);
    expect(line).toEqual(chat("ab", { role: "assistant" }));
  });
});
