import { toNamePattern } from "#service-contracts/to-name-pattern.js";

export interface ModelAlias {
  pattern: RegExp;
  model: string;
}

/** `MODEL_ALIASES`: `pattern=model,…` where `*` matches anything. @throws Error saying what it may be */
export function parseModelAliases(text: string): ModelAlias[] {
  return text
    .split(",")
    .map((alias) => alias.trim())
    .filter((alias) => alias !== "")
    .map((alias) => {
      const [, pattern, model] = /^([^=]+)=([^=]+)$/.exec(alias) ?? [];
      if (pattern === undefined || model === undefined)
        throw new Error("must be a list such as claude-haiku-*=qwen2.5-coder:7b,gpt-*=qwen3-coder");
      return { pattern: toNamePattern(pattern), model: model.trim() };
    });
}
