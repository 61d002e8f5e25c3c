import type { CanonicalRequest } from "#anthropic/canonical-request.js";
import type { Tool } from "#anthropic/messages.js";
import type { ServedModel } from "../inference-backend.js";
import type { OllamaChatRequest, OllamaOptions, OllamaTool } from "./ollama-wire.js";
import { toOllamaMessages } from "./to-ollama-messages.js";

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
    ...(format?.type === "json_schema" ? { format: format.schema } : {}),
    think: isThinkingAskedFor(request) && model.capabilities.has("thinking"),
    stream: true,
    truncate: false,
    shift: false,
    keep_alive: /^-?\d+$/.test(keepAlive) ? Number(keepAlive) : keepAlive,
    options: toOptions(request, model),
  };
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

/** Tools that Anthropic's servers would run have no schema: the model cannot call them. */
export function toOllamaTools({ tools, tool_choice }: CanonicalRequest): OllamaTool[] {
  if (tool_choice?.type === "none") return [];
  return (tools ?? []).filter(isClientTool).map(({ name, description, input_schema }) => ({
    type: "function",
    function: { name, description: description ?? "", parameters: toParameters(input_schema ?? {}) },
  }));
}

const isClientTool = ({ type, input_schema }: Tool) =>
  input_schema !== undefined || type == null || type === "custom";

/** Ollama reads `properties` and `required` into fixed types and answers 400 where they are anything else. */
function toParameters(schema: Record<string, unknown>): Record<string, unknown> {
  const properties = isObject(schema["properties"]) ? schema["properties"] : {};
  return {
    ...schema,
    type: typeof schema["type"] === "string" ? schema["type"] : "object",
    properties: Object.fromEntries(
      Object.entries(properties).map(([name, property]) => [name, isObject(property) ? property : {}]),
    ),
    required: Array.isArray(schema["required"])
      ? schema["required"].filter((name) => typeof name === "string")
      : [],
  };
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
