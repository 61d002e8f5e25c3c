import { readdirSync, readFileSync } from "node:fs";
import type { StopReason, Tool } from "#anthropic/messages.js";
import type { Ending } from "../call-reader.js";

export interface CorpusCase {
  name: string;
  source?: string;
  tools: string[];
  stopReason?: StopReason;
  output: string;
  expected: ({ text: string } | { tool: string; input: Record<string, unknown> })[];
}

const folder = new URL("./", import.meta.url);
const parseFixture = (file: string): unknown => JSON.parse(readFileSync(new URL(file, folder), "utf8"));

export const corpusTools = parseFixture("tools.json") as Tool[];

/** Broken and tricky outputs of models, by file. */
export const corpus: [string, CorpusCase[]][] = readdirSync(folder)
  .filter((file) => file.endsWith(".json") && file !== "tools.json")
  .map((file) => [file, parseFixture(file) as CorpusCase[]]);

export const toolsOf = ({ tools }: CorpusCase): Tool[] =>
  tools.flatMap((name) => corpusTools.filter((tool) => tool.name === name));

const endings: Partial<Record<StopReason, Ending>> = {
  max_tokens: "cut",
  refusal: "cut",
  stop_sequence: "stopped",
};
export const endingOf = ({ stopReason }: CorpusCase): Ending => (stopReason && endings[stopReason]) ?? "finished";
