import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Message } from "#anthropic/messages.js";
import { maskHome, unmaskHome } from "./mask-home.js";

const home = "/home/alice/.claude";
const answer = (content: Message["content"]): Message => ({
  id: "msg_1",
  type: "message",
  role: "assistant",
  model: "m",
  content,
  stop_reason: "end_turn",
  stop_sequence: null,
  usage: { input_tokens: 1, output_tokens: 2 },
});
const says = (text: string) => answer([{ type: "text", text }]);
const textOf = ({ content }: Message) => (content[0] as { text: string }).text;

describe("an answer for another asker", () => {
  it.each<[string, string, string]>([
    ["a file", "Saved to /home/alice/.claude/a.md.", "Saved to /root/.claude/a.md."],
    ["the folder itself", "It is /home/alice/.claude.", "It is /root/.claude."],
    ["the folder at the end", "cd /home/alice/.claude", "cd /root/.claude"],
    ["a quoted path", '"/home/alice/.claude"', '"/root/.claude"'],
    ["a URL", "file:///home/alice/.claude/a", "file:///root/.claude/a"],
    ["two paths", "/home/alice/.claude:/home/alice/.claude/b", "/root/.claude:/root/.claude/b"],
  ])("has their own path in place of %s", (_name, said, heard) =>
    expect(textOf(unmaskHome(maskHome(says(said), home), "/root/.claude"))).toBe(heard),
  );

  it.each([
    "/home/alice/.claude.json",
    "/home/alice/.claude-work/a",
    "/home/alice/.claudette",
    "/mnt/home/alice/.claude/a",
    "~/home/alice/.claude",
    "${root}/home/alice/.claude",
    "$(pwd)/home/alice/.claude",
    "/home/alice",
    "~/.claude",
    "/homeXalice/.claude/a",
  ])("keeps %s, which is another path", (said) =>
    expect(textOf(unmaskHome(maskHome(says(said), home), "/root/.claude"))).toBe(said),
  );

  it.each(["<HOME>/.claude/a", "<HOME>", "<\\HOME>/.claude", "<\\\\HOME>"])(
    "keeps %s, which the model wrote itself",
    (said) => expect(textOf(unmaskHome(maskHome(says(said), home), home))).toBe(said),
  );

  it("has it in tool inputs too, in names and at any depth", () => {
    const call = (path: string) =>
      answer([
        { type: "tool_use", id: "toolu_1", name: "Edit", input: { edits: [{ [`${path}/a`]: path, n: 1 }] } },
      ]);
    expect(unmaskHome(maskHome(call(home), home), "/root/.claude")).toEqual(call("/root/.claude"));
  });

  it("has a path in it that would mean something to a replacement", () => {
    const strange = "/home/$&$1$'/.claude";
    expect(textOf(unmaskHome(maskHome(says("/home/alice/.claude/a"), home), strange))).toBe(`${strange}/a`);
    expect(textOf(unmaskHome(maskHome(says(`${strange}/a`), strange), home))).toBe(`${home}/a`);
  });

  it("has the path in no place where it is stored", () =>
    expect(JSON.stringify(maskHome(says(`a ${home}/b`), home))).not.toContain("alice"));
});

it("an answer to a question without a folder is stored as it is", () => {
  const message = says("<HOME>/.claude and /home/alice/.claude");
  expect(maskHome(message, undefined)).toBe(message);
  expect(unmaskHome(message, undefined)).toBe(message);
});

describe("masked and unmasked", () => {
  const piece = fc.constantFrom(
    "<",
    "HOME",
    ">",
    "\\",
    "<HOME>",
    "/.claude",
    "/home/alice",
    " ",
    ".",
    "x",
    '"',
  );
  const text = fc.oneof(
    fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join("")),
    fc.string({ unit: "grapheme" }),
  );
  const json = fc
    .jsonValue({ stringUnit: "grapheme" })
    .map((value): unknown => JSON.parse(JSON.stringify(value)));

  it("is what it was, whatever was said", () =>
    fc.assert(
      fc.property(text, json, (said, value) => {
        const message = answer([
          { type: "text", text: said },
          { type: "tool_use", id: "toolu_1", name: "Any", input: { [said]: said, value } },
        ]);
        expect(unmaskHome(maskHome(message, home), home)).toEqual(message);
      }),
      { numRuns: 500 },
    ));
});
