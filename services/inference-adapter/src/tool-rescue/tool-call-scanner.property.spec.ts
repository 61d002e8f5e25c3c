import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { corpusTools as tools } from "./__fixtures__/corpus.js";
import { cut, scan } from "./__fixtures__/scan.js";
import { scanDrafts, sourceOf } from "./__fixtures__/scan-drafts.js";
import type { Ending } from "./call-reader.js";
import { ToolCallScanner } from "./tool-call-scanner.js";

const runs = { numRuns: 400 };
const ending = fc.constantFrom<Ending>("finished", "stopped", "cut");

const markup = fc.constantFrom(
  ..."<tool_call>|</tool_call>|<function=Read>|<function=Bash>|<function=Nope>|</function>|<parameter=command>".split(
    "|",
  ),
  ..."<parameter=file_path>|<parameter=x>|</parameter>|```|~~~|`|{|}|[|]|\"|'|\\|\n|\n\n|    |  |<|>|=|/|:|,".split(
    "|",
  ),
  ...'{"name": "Read", "arguments": {"file_path": "/a"}}|{"name": "Read", |"arguments": |"name": "Bash"|null|True'.split(
    "|",
  ),
);
const soup = fc.array(fc.oneof({ weight: 4, arbitrary: markup }, fc.string({ maxLength: 8 })), {
  maxLength: 40,
});
const value = fc.oneof(
  fc.string(),
  fc.array(markup, { maxLength: 6 }).map((parts) => parts.join("")),
);

const xmlCall = (command: string, path: string) =>
  `<tool_call>\n<function=Bash>\n<parameter=command>\n${command}\n</parameter>\n<parameter=description>\n${path}\n</parameter>\n</function>\n</tool_call>`;
const hermesCall = (command: string) =>
  `<tool_call>\n${JSON.stringify({ name: "Bash", arguments: { command } })}\n</tool_call>`;
const bareCall = (command: string) => JSON.stringify({ name: "Bash", arguments: { command } });
const call = fc.oneof(
  fc.tuple(value, value).map(([command, path]) => xmlCall(command, path)),
  value.map(hermesCall),
  value.map(bareCall),
);

/** A valid call with prose around and pieces deleted, doubled or put in elsewhere. */
const damaged = fc
  .tuple(
    fc.array(fc.oneof(call, fc.string(), fc.constant("\n")), { maxLength: 4 }),
    fc.array(fc.tuple(fc.nat(), fc.nat(30), markup, fc.nat(2)), { maxLength: 4 }),
  )
  .map(([parts, damages]) => damages.reduce(damage, parts.join("\n")));

function damage(text: string, [at, length, insert, how]: [number, number, string, number]): string {
  const start = text.length === 0 ? 0 : at % text.length;
  const [before, after] = [text.slice(0, start), text.slice(start)];
  if (how === 0) return before + after.slice(length);
  return how === 1 ? before + after.slice(0, length) + after : before + insert + after;
}

const text = fc.oneof(
  soup.map((parts) => parts.join("")),
  damaged,
);
const sizes = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 30 });

const cycle = (list: number[]): (() => number) => {
  let next = 0;
  return () => list[next++ % list.length] ?? 1;
};

describe("any text", () => {
  it("comes out whole and in order", () => {
    fc.assert(
      fc.property(text, sizes, ending, (input, list, end) => {
        const outcome = scan(cut(input, cycle(list)), tools, end);
        expect(outcome.map((piece) => ("text" in piece ? piece.text : piece.source)).join("")).toBe(input);
      }),
      { numRuns: 4000 },
    );
  });

  it("means the same however it is cut", () => {
    fc.assert(
      fc.property(text, sizes, ending, (input, list, end) => {
        const whole = scan([input], tools, end);
        expect(scan(cut(input, cycle(list)), tools, end)).toEqual(whole);
        expect(scan(input.split(""), tools, end)).toEqual(whole);
      }),
      { numRuns: 4000 },
    );
  });

  it("never makes a call of a tool that is not there", () => {
    fc.assert(
      fc.property(text, ending, (input, end) => {
        for (const piece of scan([input], tools, end))
          if ("tool" in piece) expect(tools.map(({ name }) => name)).toContain(piece.tool);
      }),
      runs,
    );
  });

  it("never makes a call inside a fence", () => {
    fc.assert(
      fc.property(text, ending, (input, end) => {
        const fenced = `\`\`\`\`\`\`\n${input.replaceAll("``````", "")}`;
        expect(scan([fenced], tools, end)).toEqual([{ text: fenced }]);
      }),
      runs,
    );
  });
});

describe("a whole call", () => {
  const plainValue = fc.string().filter((string) => !string.includes("<"));

  it("is found with its values intact", () => {
    fc.assert(
      fc.property(plainValue, plainValue, sizes, (command, description, list) => {
        const [outcome] = scan(cut(xmlCall(command, description), cycle(list)), tools);
        expect(outcome).toMatchObject({ tool: "Bash", input: { command, description } });
      }),
      runs,
    );
  });

  it("is found in Hermes' form and bare, whatever its values hold", () => {
    fc.assert(
      fc.property(value, sizes, (command, list) => {
        for (const form of [hermesCall(command), bareCall(command)]) {
          const [outcome] = scan(cut(form, cycle(list)), tools);
          expect(outcome).toMatchObject({ tool: "Bash", input: { command } });
        }
      }),
      runs,
    );
  });

  it("is found with a whole call shown in a value", () => {
    fc.assert(
      fc.property(plainValue, plainValue, (before, after) => {
        const command = `${before}\n${xmlCall("inner", "x")}\n${after}`;
        const [outcome] = scan([xmlCall(command, "outer")], tools);
        expect(outcome).toMatchObject({ tool: "Bash", input: { command, description: "outer" } });
      }),
      runs,
    );
  });
});

describe("prose", () => {
  const word = fc.constantFrom(
    "<",
    "{",
    "{ ",
    "<t",
    "</",
    "<function",
    "<div>",
    "a < b",
    "{a}",
    "\n{",
    " ",
    "\n",
    "word",
    "<tool",
    "`x`",
    '{"name": "Bo',
    '{"name": "Read',
  );

  it("is held back only as long as it may begin a call", () => {
    fc.assert(
      fc.property(fc.array(word, { maxLength: 60 }), (words) => {
        const scanner = new ToolCallScanner(tools);
        let held = 0;
        for (const character of `x${words.join("")}`) {
          held += 1;
          for (const piece of scanner.feed(character)) if (piece.type === "text") held -= piece.text.length;
          expect(held).toBeLessThanOrEqual(32);
        }
      }),
      runs,
    );
  });
});

describe("work", () => {
  const secondsFor = (input: string): number => {
    const started = performance.now();
    const pieces = cut(input, () => 4);
    scan(pieces, tools);
    scanDrafts(pieces, tools);
    return (performance.now() - started) / 1000;
  };
  const inXml = (content: string) =>
    `<function=Write>\n<parameter=file_path>\n/a\n</parameter>\n<parameter=content>\n${content}\n</parameter>\n</function>`;
  const lines: [string, string][] = [
    ["prose", "The quick brown fox < jumps {over} the lazy dog.\n"],
    ["prose on one line with backticks", "a `b` c"],
    ["open tags", "<parameter=x>\n"],
    ["closing tags", "</parameter></function></tool_call>\n"],
    ["brackets", "}]"],
    ["objects", '{\n{"name": \n'],
  ];
  const kinds: [string, (size: number) => string][] = [
    ...lines.map(([name, line]): [string, (size: number) => string] => [
      name,
      (size) => line.repeat(size / line.length),
    ]),
    ...lines.map(([name, line]): [string, (size: number) => string] => [
      `${name} in a value`,
      (size) => inXml(line.repeat(size / line.length)),
    ]),
    [
      "damaged calls",
      (size) => "<function=Bash>\n<parameter=command>\nls\n</function>\n</tool_call>\n".repeat(size / 66),
    ],
    ["unclosed calls", (size) => "<function=Bash>\n<parameter=command>\nls\n".repeat(size / 39)],
    ["calls", (size) => `${xmlCall("ls", "x")}\n`.repeat(size / 130)],
    [
      "a list in JSON",
      (size) =>
        `<tool_call>\n{"name": "TodoWrite", "arguments": {"todos": [{"content": "${"line ".repeat(size / 6)}`,
    ],
    ["a JSON string", (size) => hermesCall("line\n".repeat(size / 6))],
    [
      "JSON calls in one pair of tags",
      (size) => `<tool_call>\n${`${bareCall("ls")}\n`.repeat(size / 50)}</tool_call>`,
    ],
    ["brackets behind a call", (size) => `<tool_call>${bareCall("ls")}${"}".repeat(size)}`],
  ];

  it.each(kinds)("grows with the text and not faster: %s", (_name, build) => {
    secondsFor(build(20_000));
    const small = secondsFor(build(100_000));
    const large = secondsFor(build(1_000_000));
    expect(large).toBeLessThan(Math.max(3, small * 40));
  });
});

describe("any text, its calls told while they are written", () => {
  it("comes out whole and in order, and begun calls end as they began", () => {
    fc.assert(
      fc.property(text, sizes, ending, (input, list, end) => {
        const outcome = scanDrafts(cut(input, cycle(list)), tools, end);
        expect(outcome.map(sourceOf).join("")).toBe(input);
        for (const piece of outcome) if ("tool" in piece) JSON.parse(piece.json);
      }),
      { numRuns: 4000 },
    );
  });

  it("means the same as when calls are told whole, but for those that end in the middle", () => {
    fc.assert(
      fc.property(text, sizes, ending, (input, list, end) => {
        const outcome = scanDrafts(cut(input, cycle(list)), tools, end);
        const whole = scan([input], tools, end);
        const isOdd = outcome.some((piece) => "broken" in piece || ("tool" in piece && piece.wasBegun));
        if (isOdd && outcome.length !== whole.length) return;
        const calls = whole.flatMap((piece) => ("tool" in piece ? [JSON.stringify(piece.input)] : []));
        for (const piece of outcome)
          if ("tool" in piece && !piece.wasBegun) expect(calls).toContain(piece.json);
      }),
      { numRuns: 2000 },
    );
  });
});
