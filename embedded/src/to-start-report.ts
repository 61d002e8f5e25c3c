import { findModelName } from "#service-contracts/find-model-name.js";
import type { OllamaState } from "./ask-ollama.js";

export interface StartFacts {
  version: string;
  gatewayUrl: string;
  cacheUrl: string;
  /** `in memory` or where Redis is. */
  store: string;
  inferenceUrl: string;
  model: string;
  needsKey: boolean;
}

/** What is printed when all is up. */
export function toStartReport(facts: StartFacts): string {
  return `
llm-selfhost ${facts.version} is up.

  gateway   ${facts.gatewayUrl}
  cache     ${facts.cacheUrl} (${facts.store})
  adapter   ${facts.inferenceUrl}
  model     ${facts.model}

Claude Code, in another terminal:

${facts.needsKey ? "  export ANTHROPIC_AUTH_TOKEN=<your key>\n" : ""}  eval "$(curl -sS ${facts.gatewayUrl}/claude-code/env || echo false)" && claude

Ctrl-C stops it.

`;
}

export interface ModelFacts {
  model: string;
  /** Where Ollama is; undefined where the adapter uses none or runs elsewhere. */
  ollamaUrl: string | undefined;
  /** Where the adapter's other model server is. */
  serverUrl: string | undefined;
  state: OllamaState;
  isDemo: boolean;
  isPulled: boolean;
}

/** Which model answers, or what is to be done so that one does. */
export function toModelLine({ model, ollamaUrl, serverUrl, state, isDemo, isPulled }: ModelFacts): string {
  if (serverUrl !== undefined) return `${model} on the server at ${serverUrl}`;
  if (ollamaUrl === undefined) return `${model}, served by that adapter`;
  if ("fault" in state)
    return `none: Ollama does not answer at ${ollamaUrl} (${state.fault}). Start it with: ollama serve`;
  const found = findModelName(model, state.models);
  if (isDemo && found !== undefined)
    return `${found}, a built-in DEMO: no Ollama is running. It takes over as soon as it is started`;
  if (found !== undefined) return `${found} on Ollama at ${ollamaUrl}`;
  if (isPulled) return `${model} is being pulled by Ollama: GET /health/ready tells the progress`;
  const installed = state.models.length > 0 ? `installed: ${state.models.join(", ")}` : "none is installed";
  return `Ollama has no model ${model} yet: run ollama pull ${model} (${installed})`;
}
