import { TemplatesByModel } from "../../../tokens/templates-by-model.js";
import { OllamaPromptSource } from "../ollama-prompt-source.js";
import { OllamaBackend, type OllamaBackendOptions } from "../ollama.backend.js";
import { type InferenceMode, OllamaRequests } from "../raw/ollama-requests.js";
import { RawPrompts } from "../raw/raw-prompts.js";

export type BackendSettings = Omit<OllamaBackendOptions, "requests" | "prompts" | "rawPrompts"> & {
  keepAlive: string;
  mode: InferenceMode;
};

/** A backend with the prompts of its raw mode, as the registry makes it. */
export function makeBackend({ keepAlive, mode, ...options }: BackendSettings) {
  const requests = new OllamaRequests(mode, keepAlive);
  const prompts = new OllamaPromptSource(options.baseUrl, options.connectTimeoutMs, requests);
  const templates = new TemplatesByModel(prompts);
  const rawPrompts = new RawPrompts(prompts, templates);
  const backend = new OllamaBackend({ ...options, requests, prompts, rawPrompts });
  return { backend, prompts, templates, requests, rawPrompts };
}
