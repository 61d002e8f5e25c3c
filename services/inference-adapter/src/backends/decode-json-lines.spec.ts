import { describe, expect, it } from "vitest";
import { collect } from "#anthropic/__fixtures__/collect.js";
import { cutBytes } from "#anthropic/__fixtures__/cut-bytes.js";
import { decodeJsonLines } from "./decode-json-lines.js";

const decode = (text: string, cut: number | number[] = Infinity) =>
  collect(decodeJsonLines(cutBytes(text, cut)));
const twoLines = '{"a":"Voilà: žluťoučký 日本語 🙂"}\n{"b":[1,{"c":"\\n"}]}\n';
const decoded = [{ a: "Voilà: žluťoučký 日本語 🙂" }, { b: [1, { c: "\n" }] }];
const noObject = { type: "api_error", message: "the backend sent a line that is no JSON object" };

describe("lines of JSON", () => {
  it.each([1, 2, 3, 7, 50, Infinity, [1, 5, 2]])("are the same in pieces of %s bytes", async (cut) => {
    expect(await decode(twoLines, cut)).toEqual(decoded);
  });

  it.each([
    ["nothing", "", []],
    ["empty lines", "\n\n{}\n\n \n{}\n", [{}, {}]],
    ["carriage returns", "{}\r\n{}\r\n", [{}, {}]],
    ["a last line without its end", '{}\n{"a":1}', [{}, { a: 1 }]],
    ["an empty piece", "", []],
  ])("%s", async (_name, text, objects) => {
    expect(await decode(text)).toEqual(objects);
    expect(await decode(text, 1)).toEqual(objects);
  });

  it.each([
    ["garbage", "garbage\n"],
    ["an HTML page", "<html>\n<body>\n"],
    ["half a last line", '{"message":{"con'],
    ["half a character at the end", '{"a":1}\uD83D'],
    ["a list", "[]\n"],
    ["null", "null\n"],
    ["a number", "1\n"],
    ["two objects in a line", "{}{}\n"],
  ])("%s is an error", async (_name, text) => {
    await expect(decode(text, 1)).rejects.toMatchObject(noObject);
  });

  it("cut inside its last character is an error", async () => {
    const bytes = new TextEncoder().encode('{"a":1}🙂').subarray(0, -1);
    await expect(collect(decodeJsonLines(pieces(bytes)))).rejects.toMatchObject(noObject);
  });

  it("before the garbage come first", async () => {
    const read: object[] = [];
    await expect(async () => {
      for await (const line of decodeJsonLines(cutBytes('{"a":1}\n{"b":2}\noops\n', Infinity)))
        read.push(line);
    }).rejects.toMatchObject(noObject);
    expect(read).toEqual([{ a: 1 }, { b: 2 }]);
  });

  it("are read in time that grows with their length only", async () => {
    const line = `${JSON.stringify({ text: "x".repeat(15_000_000) })}\n`;
    expect(await decode(line + line, 4096)).toHaveLength(2);
  });
});

it("a line without an end is an error", async () => {
  async function* endless(): AsyncGenerator<Uint8Array> {
    for (const bytes = new Uint8Array(65_536).fill(120); ;) yield bytes;
  }
  await expect(collect(decodeJsonLines(endless()))).rejects.toMatchObject({
    type: "api_error",
    message: "the backend sent a line without an end",
  });
});

async function* pieces(...bytes: Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* bytes;
}

describe("the source of the bytes", () => {
  const encode = (text: string) => new TextEncoder().encode(text);
  let closed = 0;
  async function* source(...texts: string[]): AsyncGenerator<Uint8Array> {
    closed = 0;
    try {
      for (const text of texts) yield encode(text);
    } finally {
      closed += 1;
    }
  }

  it("is closed when the reader stops in the middle", async () => {
    for await (const line of decodeJsonLines(source("{}\n{}\n", "{}\n"))) {
      expect(line).toEqual({});
      break;
    }
    expect(closed).toBe(1);
  });

  it("is closed when a line is garbage", async () => {
    await expect(collect(decodeJsonLines(source("oops\n", "{}\n")))).rejects.toMatchObject(noObject);
    expect(closed).toBe(1);
  });

  it("throws through", async () => {
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield encode("{}\n");
      throw new Error("ECONNRESET");
    }
    await expect(collect(decodeJsonLines(broken()))).rejects.toThrow("ECONNRESET");
  });
});
