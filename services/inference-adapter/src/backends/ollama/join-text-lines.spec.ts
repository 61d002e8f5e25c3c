import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { joinTextLines } from "./join-text-lines.js";

const start = '{"model":"qwen3-coder:30b","created_at":"2026-11-23T07:03:25.2Z",';
const chat = (content: string, more = "") =>
  `${start}"message":{"role":"assistant","content":${JSON.stringify(content)}${more}},"done":false}`;
const raw = (response: string) => `${start}"response":${JSON.stringify(response)},"done":false}`;
const call = ',"tool_calls":[{"function":{"name":"Read","arguments":{}}}]';
const end = `${start}"message":{"role":"assistant","content":""},"done":true,"eval_count":3}`;
const later = (line: string) => line.replace("25.2Z", "25.273914Z");
const timeless = (text: string) => `{"response":${JSON.stringify(text)},"done":false}`;
const error = '{"error":"gone"}';

describe("joinTextLines", () => {
  it.each<[string, string[], string[]]>([
    ["an empty line", [""], [""]],
    ["texts without a time", [timeless("a"), timeless("b"), timeless('"')], [timeless('ab"')]],
    ["texts of other times", [chat("a"), later(chat("b")), later(chat("\\"))], [chat("ab\\")]],
    ["texts of /api/chat", [chat("a"), chat("b"), chat("c")], [chat("abc")]],
    ["texts of /api/generate", [raw("a"), raw("b")], [raw("ab")]],
    [
      "many, with what is escaped and another kind of line among them",
      [
        chat("a"),
        later(chat("b")),
        later(chat('"')),
        chat("c"),
        raw("d"),
        chat("e"),
        chat("f"),
        chat("g"),
        end,
      ],
      [chat('ab"c'), raw("d"), chat("efg"), end],
    ],
    ["what is escaped", [chat('"\\'), chat("\n\u0001"), chat("\\")], [chat('"\\\n\u0001\\')]],
    ["not the end", [chat("a"), chat("b"), end], [chat("ab"), end]],
    ["not around a call", [chat("a"), chat("", call), chat("b")], [chat("a"), chat("", call), chat("b")]],
    [
      "not around thinking",
      [chat("a"), chat("", ',"thinking":"t"')],
      [chat("a"), chat("", ',"thinking":"t"')],
    ],
    ["not around an error", [chat("a"), error, chat("b")], [chat("a"), error, chat("b")]],
    ["not the one with the other", [raw("a"), chat("b")], [raw("a"), chat("b")]],
    ["not empty lines, and what else stands for itself", ["", chat("a"), "oops"], ["", chat("a"), "oops"]],
    [
      "nothing with more members",
      [chat("a"), '{"x":{},"response":"b","done":false}'],
      [chat("a"), '{"x":{},"response":"b","done":false}'],
    ],
  ])("%s", (_name, lines, joined) => expect(joinTextLines(lines.join("\n"))).toEqual(joined));

  it.each([
    ["plain", "x", 20_000_000],
    ["escaped", '"', 10_000_000],
  ])("leaves long lines as they are: %s", (_name, letter, count) => {
    const long = chat(letter.repeat(count));
    const lines = [chat("a"), long, chat("b")];
    expect(joinTextLines(lines.join("\n"))).toEqual(lines);
  });

  it("keeps all text of any lines, in order", () => {
    const anyText = fc.string({ unit: "binary" });
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), anyText), { minLength: 1 }), (texts) => {
        const lines = texts.map(([isRaw, text]) => (isRaw ? raw(text) : later(chat(text))));
        expect(joinTextLines(lines.join("\n")).map(readText).join("")).toBe(
          texts.map(([, text]) => text).join(""),
        );
      }),
    );
  });
});

function readText(line: string): string {
  const { response, message } = JSON.parse(line) as { response?: string; message?: { content: string } };
  return response ?? message?.content ?? "";
}
