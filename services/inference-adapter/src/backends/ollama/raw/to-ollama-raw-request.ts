import type { OllamaChatRequest, OllamaRawRequest } from "../ollama-wire.js";

/** The same request with its prompt rendered already. */
export function toOllamaRawRequest(
  { model, keep_alive, options }: OllamaChatRequest,
  prompt: string,
): OllamaRawRequest {
  return {
    model,
    prompt,
    raw: true,
    think: false,
    stream: true,
    truncate: false,
    shift: false,
    keep_alive,
    options,
  };
}
