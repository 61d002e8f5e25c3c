import { toNamePattern } from "#service-contracts/to-name-pattern.js";

export interface ModelContextRule {
  pattern: RegExp;
  tokens: number;
}

/**
 * `MODEL_CONTEXT`: `pattern=tokens,…` where `*` matches anything. A pattern without a tag means every tag of the
 * name, for models are listed with theirs. @throws Error saying what it may be
 */
export function parseModelContext(text: string): ModelContextRule[] {
  return text
    .split(",")
    .map((rule) => rule.trim())
    .filter((rule) => rule !== "")
    .map((rule) => {
      const [, pattern, tokens] = /^(.+)=\s*(\d+)$/.exec(rule) ?? [];
      if (pattern === undefined || Number(tokens) < 512)
        throw new Error("must be a list such as qwen2.5*=32768,llama3=8192 (at least 512 tokens each)");
      return { pattern: toPattern(pattern.trim()), tokens: Number(tokens) };
    });
}

function toPattern(text: string): RegExp {
  const hasTag = text.slice(text.lastIndexOf("/") + 1).includes(":");
  return toNamePattern(text, hasTag ? "" : "(?::.*)?");
}
