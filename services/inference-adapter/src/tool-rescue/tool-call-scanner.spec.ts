import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { StopReason, Tool } from "#anthropic/messages.js";
import { cuts, scan, type Outcome } from "./__fixtures__/scan.js";

interface CorpusCase {
  name: string;
  source?: string;
  tools: string[];
  stopReason?: StopReason;
  output: string;
  expected: ({ text: string } | { tool: string; input: Record<string, unknown> })[];
}

const folder = new URL("__fixtures__/", import.meta.url);
const parseFixture = (file: string): unknown => JSON.parse(readFileSync(new URL(file, folder), "utf8"));
const allTools = parseFixture("tools.json") as Tool[];
const files = readdirSync(folder).filter((file) => file.endsWith(".json") && file !== "tools.json");

const endings = { max_tokens: "cut", refusal: "cut", stop_sequence: "stopped" } as const;

describe.each(files)("%s", (file) => {
  it.each(parseFixture(file) as CorpusCase[])("$name", ({ tools, output, expected, stopReason }) => {
    const known = tools.flatMap((name) => allTools.filter((tool) => tool.name === name));
    const ending =
      stopReason && stopReason in endings ? endings[stopReason as keyof typeof endings] : "finished";
    for (const [cut, pieces] of cuts(output)) {
      const outcome = scan(pieces, known, ending);
      expect(outcome.map(withoutSource), cut).toEqual(expected);
      expect(outcome.map((piece) => ("text" in piece ? piece.text : piece.source)).join("")).toBe(output);
    }
  });
});

const withoutSource = (piece: Outcome) =>
  "text" in piece ? piece : { tool: piece.tool, input: piece.input };

it("has at least 60 cases", () => {
  expect(files.flatMap((file) => parseFixture(file) as CorpusCase[]).length).toBeGreaterThan(60);
});
