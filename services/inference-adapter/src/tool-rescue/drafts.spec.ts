import { describe, expect, it } from "vitest";
import type { Tool } from "#anthropic/messages.js";
import { corpus, corpusTools, endingOf, toolsOf } from "./__fixtures__/corpus.js";
import { cuts } from "./__fixtures__/scan.js";
import { scanDrafts, sourceOf, type DraftOutcome } from "./__fixtures__/scan-drafts.js";
import { ToolCallScanner } from "./tool-call-scanner.js";

// Calls that are told while they are being written: the same calls in the end, whatever follows.

const parsed = (outcome: DraftOutcome) =>
  "tool" in outcome ? { tool: outcome.tool, input: JSON.parse(outcome.json) as unknown } : outcome;
describe.each(corpus)("%s", (_file, cases) => {
  it.each(cases)("$name", (corpusCase) => {
    const { output, expected } = corpusCase;
    for (const [name, pieces] of cuts(output)) {
      const outcome = scanDrafts(pieces, toolsOf(corpusCase), endingOf(corpusCase));
      expect(outcome.map(sourceOf).join(""), name).toBe(output);
      if (outcome.some((piece) => "broken" in piece)) continue;
      expect(outcome.map(parsed), name).toEqual(expected);
    }
  });
});

it("are given up in a few cases of the corpus only, none of which is a call", () => {
  const given = corpus.flatMap(([, cases]) =>
    cases.filter((one) =>
      scanDrafts(one.output.split(""), toolsOf(one), endingOf(one)).some((piece) => "broken" in piece),
    ),
  );
  for (const { expected } of given) expect(expected.every((piece) => "text" in piece)).toBe(true);
  expect(given.map(({ name }) => name)).toMatchSnapshot();
});

describe("what is told while a call is written", () => {
  const tools: Tool[] = corpusTools;
  function stepByStep(text: string): string[] {
    const scanner = new ToolCallScanner(tools, { drafts: true });
    return text
      .split("")
      .flatMap((character) => scanner.feed(character))
      .map((piece) => (piece.type === "draft" ? piece.json : piece.type));
  }
  const xml = (parameters: string) => `<tool_call>\n<function=Write>\n${parameters}`;

  it("is a text as it grows, without the template's newlines", () => {
    const told = stepByStep(xml('<parameter=file_path>\n/a\n</parameter>\n<parameter=content>\nan "x"\n\nb'));
    expect(told).toEqual(
      ['{"file_path":"', "/", "a", '","content":"', "a", "n", " ", '\\"', "x", '\\"', "\\n", "\\nb"].flatMap(
        (piece) => piece,
      ),
    );
  });

  it("is a number when it is whole", () => {
    const call =
      "<tool_call>\n<function=Read>\n<parameter=offset>\n12\n</parameter>\n<parameter=file_path>\n/";
    expect(stepByStep(call)).toEqual(["{", '"offset":12,"file_path":"', "/"]);
  });

  it("is the whole value where it is no text, although the schema wants one", () => {
    const call = '<tool_call>\n{"name": "Bash", "arguments": {"command": {"command": "ls"}}\n</tool_call>\n';
    const [outcome] = scanDrafts(call.split(""), tools);
    expect(outcome && parsed(outcome)).toEqual({ tool: "Bash", input: { command: { command: "ls" } } });
  });

  it("stops at a tag inside a value, which may mean two things", () => {
    expect(stepByStep(xml("<parameter=content>\nab<parameter=x>cd")).join("")).toBe('{"content":"ab');
  });

  it("is Hermes' JSON too", () => {
    const call = '<tool_call>\n{"name": "Read", "arguments": {"offset": 12, "file_path": "/a\\n\\u00e9😀';
    expect(stepByStep(call).join("")).toBe('{"offset":12,"file_path":"/a\\né😀');
  });

  it("is nothing of what may be a mention, or of bare JSON", () => {
    expect(stepByStep("Write <tool_call><function=Write><parameter=content>ab")).not.toContainEqual(
      expect.stringContaining("{"),
    );
    expect(stepByStep('{"name": "Read", "arguments": {"file_path": "/a').join("")).not.toContain("{");
  });
});
