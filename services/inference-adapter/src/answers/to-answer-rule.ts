import type { CanonicalRequest } from "#anthropic/canonical-request.js";
import { clientTools } from "#anthropic/client-tools.js";
import type { Tool } from "#anthropic/messages.js";

/** What a request demands of the form of its answer. */
export type AnswerRule =
  | { type: "free"; isSingleCall: boolean }
  /** Exactly one call, of one of these tools, and no text. */
  | { type: "call"; tools: Tool[] }
  /** Text that is JSON of this schema. While tools are offered the model may call them instead. */
  | { type: "json"; schema: Record<string, unknown>; offersTools: boolean; isSingleCall: boolean };

/** `tool_choice` and `output_config.format` → what the answer must be. A forced call goes before a format. */
export function toAnswerRule(request: CanonicalRequest): AnswerRule {
  const { tool_choice, output_config } = request;
  const tools = clientTools(request);
  if (tool_choice?.type === "tool" || tool_choice?.type === "any") {
    const isMeant = ({ name }: Tool) => tool_choice.type === "any" || name === tool_choice.name;
    return { type: "call", tools: tools.filter(isMeant) };
  }
  const isSingleCall = tool_choice?.type === "auto" && tool_choice.disable_parallel_tool_use === true;
  const format = output_config?.format;
  if (format?.type !== "json_schema") return { type: "free", isSingleCall };
  return { type: "json", schema: format.schema, offersTools: tools.length > 0, isSingleCall };
}
