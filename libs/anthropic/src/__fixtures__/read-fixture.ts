import { readFileSync, readdirSync } from "node:fs";

const folder = new URL("./", import.meta.url);

/** A recorded answer: the text of an event stream in the form that the Anthropic API sends. */
export const readTranscript = (name: string): string =>
  readFileSync(new URL(`${name}.sse`, folder), "utf8");

/** A request body of the real Claude Code. */
export const readClaudeCodeBody = (name: string): Record<string, unknown> => {
  const recorded = readFileSync(new URL(`claude-code/${name}.json`, folder), "utf8");
  return (JSON.parse(recorded) as { body: Record<string, unknown> }).body;
};

export const claudeCodeFixtures: string[] = readdirSync(new URL("claude-code/", folder)).map((file) =>
  file.replace(/\.json$/, ""),
);
