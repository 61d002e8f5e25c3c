import type { CanonicalRequest } from "#anthropic/canonical-request.js";
import type { ServedModel } from "../inference-backend.js";
import { toGrammarSchema } from "../to-grammar-schema.js";
import type { OllamaChatRequest, OllamaOptions, OllamaRawRequest } from "./ollama-wire.js";
import { parseKeepAlive } from "./parse-keep-alive.js";
import { toOllamaMessages } from "./to-ollama-messages.js";
import { toOllamaTools } from "./to-ollama-tools.js";

/**
 * A request for `/api/chat`. The window is named in every call and nothing may be cut: `truncate` and
 * `shift` are off, so that a prompt that does not fit is refused and an answer that does not fit ends.
 */
export function toOllamaChatRequest(
  request: CanonicalRequest,
  model: ServedModel,
  keepAlive: string,
): OllamaChatRequest {
  const tools = toOllamaTools(request);
  const format = request.output_config?.format;
  return {
    model: model.name,
    messages: toOllamaMessages(request),
    ...(tools.length > 0 ? { tools } : {}),
    ...(format?.type === "json_schema" ? { format: toGrammarSchema(format.schema) } : {}),
    think: isThinkingAskedFor(request) && model.capabilities.has("thinking"),
    stream: true,
    truncate: false,
    shift: false,
    keep_alive: parseKeepAlive(keepAlive),
    options: toOptions(request, model),
  };
}

/** The same with its prompt as it goes to the model, for `/api/generate`. */
export function toOllamaRawRequest(
  { messages, tools: _tools, think: _think, ...request }: OllamaChatRequest,
  prompt: string,
): OllamaRawRequest {
  const images = messages.flatMap((message) => message.images ?? []);
  return { ...request, raw: true, prompt, ...(images.length > 0 ? { images } : {}) };
}

function toOptions(request: CanonicalRequest, model: ServedModel): OllamaOptions {
  return {
    num_ctx: model.contextLength,
    ...(request.max_tokens == null ? {} : { num_predict: request.max_tokens }),
    ...(request.temperature == null ? {} : { temperature: request.temperature }),
    ...(request.top_p == null ? {} : { top_p: request.top_p }),
    ...(request.top_k == null ? {} : { top_k: request.top_k }),
  };
}

function isThinkingAskedFor({ thinking }: CanonicalRequest): boolean {
  return thinking?.type === "enabled" || thinking?.type === "adaptive";
}
