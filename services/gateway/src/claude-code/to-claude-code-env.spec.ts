import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { type ClaudeCodeSettings, toClaudeCodeEnv, toExportLines } from "./to-claude-code-env.js";

const settings: ClaudeCodeSettings = {
  baseUrl: "http://localhost:8001",
  model: "qwen3-coder",
  contextLength: 65_536,
  needsKey: false,
  concurrency: 1,
};

/** Where Claude Code 2.1.330 compacts, as measured: window − min(output, 20,000) − 13,000. */
function compactsAt(env: Record<string, string>): number {
  const output = Number(env["CLAUDE_CODE_MAX_OUTPUT_TOKENS"]);
  return Number(env["CLAUDE_CODE_MAX_CONTEXT_TOKENS"]) - Math.min(output, 20_000) - 13_000;
}

describe("toClaudeCodeEnv", () => {
  it("is what the measured rule asks for", () => {
    expect(toClaudeCodeEnv(settings)).toEqual({
      ANTHROPIC_BASE_URL: "http://localhost:8001",
      ANTHROPIC_AUTH_TOKEN: "local",
      ANTHROPIC_MODEL: "qwen3-coder",
      ANTHROPIC_DEFAULT_HAIKU_MODEL: "qwen3-coder",
      CLAUDE_CODE_MAX_CONTEXT_TOKENS: "75536",
      CLAUDE_CODE_MAX_OUTPUT_TOKENS: "8192",
      CLAUDE_CODE_FILE_READ_MAX_OUTPUT_TOKENS: "8192",
      MAX_MCP_OUTPUT_TOKENS: "8192",
      CLAUDE_CODE_ATTRIBUTION_HEADER: "0",
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
      CLAUDE_CODE_DISABLE_BACKGROUND_TASKS: "1",
      CLAUDE_STREAM_IDLE_TIMEOUT_MS: "900000",
      API_FORCE_IDLE_TIMEOUT: "0",
      API_TIMEOUT_MS: "1800000",
    });
  });

  it.each([16_384, 32_768, 65_536, 131_072, 262_144])(
    "compacts one answer and 3,000 tokens below a window of %i",
    (contextLength) => {
      const env = toClaudeCodeEnv({ ...settings, contextLength });
      const output = Number(env["CLAUDE_CODE_MAX_OUTPUT_TOKENS"]);
      expect(compactsAt(env)).toBe(contextLength - output - 3000);
      expect(output).toBeGreaterThanOrEqual(4096);
      expect(output).toBeLessThanOrEqual(8192);
    },
  );

  it.each([
    [32_768, "4096"],
    [131_072, "16384"],
    [262_144, "25000"],
  ])(
    "lets a file be an eighth of a window of %i, and no more than the client does",
    (contextLength, limit) => {
      const env = toClaudeCodeEnv({ ...settings, contextLength });
      expect(env["CLAUDE_CODE_FILE_READ_MAX_OUTPUT_TOKENS"]).toBe(limit);
      expect(env["MAX_MCP_OUTPUT_TOKENS"]).toBe(limit);
    },
  );

  it("leaves room for a prompt in a small window", () =>
    expect(compactsAt(toClaudeCodeEnv({ ...settings, contextLength: 8192 }))).toBeGreaterThan(3000));

  it("names no key where keys are asked for", () =>
    expect(toClaudeCodeEnv({ ...settings, needsKey: true })).not.toHaveProperty("ANTHROPIC_AUTH_TOKEN"));

  it("allows background tasks where two generations run at once", () =>
    expect(toClaudeCodeEnv({ ...settings, concurrency: 2 })).not.toHaveProperty(
      "CLAUDE_CODE_DISABLE_BACKGROUND_TASKS",
    ));
});

describe("toExportLines", () => {
  const evaluate = (lines: string, name: string) =>
    execFileSync("sh", ["-c", `eval "$1"; printf %s "$${name}"`, "sh", lines], {
      encoding: "utf8",
      env: { PATH: process.env["PATH"] },
    });

  it.each<[string, string]>([
    ["a plain word", "qwen3-coder:30b"],
    ["nothing", ""],
    ["spaces", "two  words "],
    ["single quotes", "it's 'quoted'"],
    ["double quotes", 'say "hi"'],
    ["a backslash", "a\\b\\\\c"],
    ["a command", "$(echo bad) `echo bad`"],
    ["a variable", "$HOME ${HOME}"],
    ["an end of the command", "x'; echo bad; '"],
    ["two lines", "one\ntwo"],
    ["other letters", "日本語 🙂"],
  ])("is safe in a shell: %s", (_name, value) =>
    expect(evaluate(toExportLines({ BEFORE: "1", VALUE: value, AFTER: "2" }), "VALUE")).toBe(value),
  );

  it("sets every variable", () => {
    const lines = toExportLines(toClaudeCodeEnv(settings));
    for (const [name, value] of Object.entries(toClaudeCodeEnv(settings)))
      expect(evaluate(lines, name)).toBe(value);
  });
});
