import type { CanonicalRequest } from "#anthropic/canonical-request.js";
import { clientTools } from "#anthropic/client-tools.js";
import type { Tool } from "#anthropic/messages.js";
import type { ServerTraits } from "./map-server-kind.js";
import type { ChatPrompt, ChatRequest, ChatTool } from "./openai-wire.js";
import { toChatMessages } from "./to-chat-messages.js";
import { toParameters } from "./to-parameters.js";

/** A request for `/v1/chat/completions`. Stop sequences are not sent: they are cut by us (ADR 1). */
export function toChatRequest(request: CanonicalRequest, model: string, traits: ServerTraits): ChatRequest {
  const format = request.output_config?.format;
  return {
    ...toChatPrompt(request, model, traits),
    ...toToolSettings(request, traits),
    ...(format?.type === "json_schema"
      ? {
          response_format: {
            type: "json_schema",
            json_schema: { name: "answer", schema: format.schema, strict: true },
          },
        }
      : {}),
    ...toSampling(request, traits),
    stream: true,
    stream_options: { include_usage: true },
  };
}

/** What the prompt's tokens depend on. */
export function toChatPrompt(request: CanonicalRequest, model: string, traits: ServerTraits): ChatPrompt {
  const tools = offeredTools(request, traits).map(toChatTool);
  const isContinued = request.messages.at(-1)?.role === "assistant";
  return {
    model,
    messages: toChatMessages(request),
    ...(tools.length > 0 ? { tools } : {}),
    ...(traits.takesTemplateSettings
      ? { chat_template_kwargs: { enable_thinking: isThinkingAskedFor(request) } }
      : {}),
    ...(traits.takesContinuation && isContinued
      ? { continue_final_message: true, add_generation_prompt: false }
      : {}),
  };
}

/** Where no tool can be named, the one that must be called is the only one offered. */
function offeredTools(request: CanonicalRequest, { namesTool }: ServerTraits): Tool[] {
  const tools = clientTools(request);
  const choice = request.tool_choice;
  if (choice?.type !== "tool" || namesTool) return tools;
  return tools.filter(({ name }) => name === choice.name);
}

function toToolSettings(
  request: CanonicalRequest,
  traits: ServerTraits,
): Pick<ChatRequest, "tool_choice" | "parallel_tool_calls"> {
  if (offeredTools(request, traits).length === 0) return {};
  const choice = request.tool_choice ?? { type: "auto" };
  const isAlone = choice.type !== "none" && choice.disable_parallel_tool_use === true;
  return { tool_choice: toToolChoice(choice, traits), parallel_tool_calls: !isAlone };
}

function toToolChoice(
  choice: NonNullable<CanonicalRequest["tool_choice"]>,
  { namesTool }: ServerTraits,
): ChatRequest["tool_choice"] {
  if (choice.type === "tool" && namesTool) return { type: "function", function: { name: choice.name } };
  return choice.type === "tool" || choice.type === "any" ? "required" : "auto";
}

function toChatTool({ name, description, input_schema }: Tool): ChatTool {
  return {
    type: "function",
    function: {
      name,
      description: description ?? "",
      parameters: toParameters(input_schema),
    },
  };
}

function toSampling(request: CanonicalRequest, { takesTopK }: ServerTraits) {
  const { max_tokens, temperature, top_p, top_k } = request;
  return {
    ...(max_tokens == null ? {} : { max_tokens }),
    ...(temperature == null ? {} : { temperature }),
    ...(top_p == null ? {} : { top_p }),
    ...(top_k == null || !takesTopK ? {} : { top_k }),
  };
}

const isThinkingAskedFor = ({ thinking }: CanonicalRequest): boolean =>
  thinking?.type === "enabled" || thinking?.type === "adaptive";
