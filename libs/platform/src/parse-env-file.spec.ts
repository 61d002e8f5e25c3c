import { describe, expect, it } from "vitest";
import { parseEnvFile } from "./parse-env-file.js";

const text = 'A=1\n# ä\nB="two words"\n';
const utf16 = Buffer.from(`\ufeff${text}`, "utf16le");

describe("a .env file", () => {
  it.each([
    ["UTF-8", Buffer.from(text)],
    ["UTF-8 with a mark at its start, as Windows writes it", Buffer.from(`\ufeff${text}`)],
    ["UTF-8 with Windows' line ends", Buffer.from(text.replaceAll("\n", "\r\n"))],
  ])("is read in %s", (_name, bytes) => expect(parseEnvFile(bytes)).toEqual({ A: "1", B: "two words" }));

  it.each([
    ["A=abc#def", "A"],
    ["B=1\nexport SOME_KEY = two words#three # comment\r\nC=2", "SOME_KEY"],
  ])("is refused where a value would be cut off: %j", (cut, name) =>
    expect(() => parseEnvFile(Buffer.from(cut))).toThrow(
      `.env: ${name} has a # in its value: put the value in quotes`,
    ),
  );

  it.each([
    ["A=abc # see #5, a=b#c", "abc"],
    ["A= 'abc#def'", "abc#def"],
    ['A = "abc#def" # why#', "abc#def"],
    ["#B=c#d\nA=", ""],
    ["A=#b", ""],
  ])("may have a # elsewhere: %j", (line, value) =>
    expect(parseEnvFile(Buffer.from(line))).toEqual({ A: value }),
  );

  it.each([
    ['A="a\\"b"', "A"],
    ["A='it''s'\nB=2", "A"],
    ["B=1\nexport SOME_KEY = 'x'y # comment\r\nC=2", "SOME_KEY"],
    ['A="x" "y"', "A"],
  ])("is refused where a quote ends a value early: %j", (cut, name) =>
    expect(() => parseEnvFile(Buffer.from(cut))).toThrow(
      `.env: ${name} has more behind its closing quote: take another kind of quotes`,
    ),
  );

  it.each([
    [`A='say "it"'`, 'say "it"'],
    ["A=\"a 'b' c\" # why", "a 'b' c"],
    ["A=`a\"b'c`#d", "a\"b'c"],
    ['A="two\nlines" # "x"', "two\nlines"],
    ['A=a"b"c', 'a"b"c'],
    ['# A="a"b\nA=""', ""],
  ])("may have quotes elsewhere: %j", (line, value) =>
    expect(parseEnvFile(Buffer.from(line))).toEqual({ A: value }),
  );

  it("may be empty", () => expect(parseEnvFile(Buffer.of())).toEqual({}));

  it.each([
    ["UTF-16", utf16],
    ["UTF-16 without a mark", utf16.subarray(2)],
    ["UTF-16 with its bytes the other way round", Buffer.from(utf16).swap16()],
    ["UTF-8 with a NUL", Buffer.from("A=1\0\n")],
  ])("is refused in %s", (_name, bytes) => expect(() => parseEnvFile(bytes)).toThrow(/^\.env must be/));
});
