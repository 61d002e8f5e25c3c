export interface ClaudeCodeSettings {
  /** Where the client reaches the gateway. */
  baseUrl: string;
  model: string;
  /** Undefined where it is not known yet. */
  contextLength: number | undefined;
  needsKey: boolean;
  concurrency: number;
}

const defaultOutputTokens = 8192;
/** What the client lets a file or an MCP tool's result be by default. */
const clientsResultTokens = 25_000;

/**
 * The environment that makes Claude Code work with a model of this window. The rule was measured on
 * 2.1.330: it compacts at MAX_CONTEXT_TOKENS − MAX_OUTPUT_TOKENS − 13,000, which here is 3,000 tokens and
 * one answer below the real window.
 */
export function toClaudeCodeEnv(settings: ClaudeCodeSettings): Record<string, string> {
  const { baseUrl, model, contextLength, needsKey, concurrency } = settings;
  return {
    ANTHROPIC_BASE_URL: baseUrl,
    ...(needsKey ? {} : { ANTHROPIC_AUTH_TOKEN: "local" }),
    ANTHROPIC_MODEL: model,
    ANTHROPIC_DEFAULT_HAIKU_MODEL: model,
    ...(contextLength === undefined ? {} : toWindow(contextLength)),
    CLAUDE_CODE_ATTRIBUTION_HEADER: "0",
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
    ...(concurrency > 1 ? {} : { CLAUDE_CODE_DISABLE_BACKGROUND_TASKS: "1" }),
    CLAUDE_STREAM_IDLE_TIMEOUT_MS: "900000",
    API_FORCE_IDLE_TIMEOUT: "0",
    API_TIMEOUT_MS: "1800000",
  };
}

/**
 * A few results in one turn must not fill what a compaction has just made free: the client gives up after the third
 * time, and where the first turn's results alone are too long it cannot compact at all.
 */
function toWindow(contextLength: number): Record<string, string> {
  const outputTokens = Math.min(defaultOutputTokens, Math.floor(contextLength / 4));
  const resultTokens = Math.min(clientsResultTokens, Math.floor(contextLength / 8));
  return {
    CLAUDE_CODE_MAX_CONTEXT_TOKENS: String(contextLength + 10_000),
    CLAUDE_CODE_MAX_OUTPUT_TOKENS: String(outputTokens),
    CLAUDE_CODE_FILE_READ_MAX_OUTPUT_TOKENS: String(resultTokens),
    MAX_MCP_OUTPUT_TOKENS: String(resultTokens),
  };
}

/** `export NAME='value'` lines for a POSIX shell. */
export function toExportLines(env: Record<string, string>): string {
  return Object.entries(env)
    .map(([name, value]) => `export ${name}=${quote(value)}\n`)
    .join("");
}

/** Lines that tell a POSIX shell of a failure: the text on stderr, and a status that ends `… && claude`. */
export function toFailureLines(text: string): string {
  return `echo ${quote(text)} >&2\nfalse\n`;
}

const quote = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
