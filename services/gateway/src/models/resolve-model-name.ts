import { findModelName } from "#service-contracts/find-model-name.js";
import type { ModelAlias } from "./parse-model-aliases.js";

export interface ModelNames {
  aliases: ModelAlias[];
  installed: string[];
  defaultModel: string;
}

/**
 * The installed model that a requested name means: the configured aliases first, then the names that the
 * backend has, then the default model for every `claude-*` and `anthropic*`. `undefined` when there is none.
 */
export function resolveModelName(requested: string, names: ModelNames): string | undefined {
  const alias = names.aliases.find(({ pattern }) => pattern.test(requested));
  if (alias) return findModelName(alias.model, names.installed);
  const installed = findModelName(requested, names.installed);
  if (installed !== undefined) return installed;
  const isAnthropicName = requested.startsWith("claude-") || requested.startsWith("anthropic");
  if (isAnthropicName || requested === names.defaultModel)
    return findModelName(names.defaultModel, names.installed);
  return undefined;
}
