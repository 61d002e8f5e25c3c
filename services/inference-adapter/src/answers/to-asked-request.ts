import type { CanonicalMessage } from "#anthropic/canonical-messages.js";
import type { CanonicalRequest } from "#anthropic/canonical-request.js";
import type { TextBlock, Tool } from "#anthropic/messages.js";
import type { AnswerRule } from "./to-answer-rule.js";
import { toCallSchema } from "./to-call-schema.js";

// What a rule demands is said at the end of the conversation, so that the prompt before it stays as it is without
// a rule and the backend's KV prefix stays warm.

/**
 * The request as the model is asked it under a rule. Constrained: the backend holds the answer to a JSON schema,
 * in `output_config.format`. Otherwise the model is told only.
 */
export function toAskedRequest(
  request: CanonicalRequest,
  rule: AnswerRule,
  isConstrained: boolean,
): CanonicalRequest {
  const { output_config: _format, ...free } = request;
  switch (rule.type) {
    case "free":
      return request;
    case "call": {
      const { stop_sequences: _ofText, ...asked } = free;
      const told = withInstruction(asked, toCallInstruction(rule.tools, isConstrained));
      return isConstrained ? withFormat(told, toCallSchema(rule.tools)) : told;
    }
    case "json": {
      const told = withInstruction(free, toJsonInstruction(rule));
      return isConstrained ? withFormat(told, rule.schema) : told;
    }
  }
}

/** The same, asked again after an answer that was not as it should be. Thought over is enough the first time. */
export function toSecondRequest(asked: CanonicalRequest, said: string, fault: string): CanonicalRequest {
  const { thinking: _thinking, ...request } = asked;
  const wrong: CanonicalMessage = { role: "assistant", content: [toText(said === "" ? "(nothing)" : said)] };
  const correction: CanonicalMessage = {
    role: "user",
    content: [toText(`That answer cannot be used: ${fault}. Answer again, only with what was asked for.`)],
  };
  return { ...request, messages: [...request.messages, wrong, correction] };
}

function toCallInstruction(tools: Tool[], isConstrained: boolean): string {
  const names = tools.map(({ name }) => name);
  const what =
    names.length === 1 ? `Call the tool ${names[0]} now` : `Call one of these tools now: ${names.join(", ")}`;
  if (!isConstrained) return `${what}. Answer with the call only.`;
  const name = names.length === 1 ? `"${names[0]}"` : "the tool's name";
  return `${what}. Answer with the call only, as JSON: {"name": ${name}, "arguments": {the tool's parameters}}`;
}

function toJsonInstruction({ schema, offersTools }: Extract<AnswerRule, { type: "json" }>): string {
  const when = offersTools ? "When you need no tool any more, answer" : "Answer";
  return `${when} with JSON only, without anything around it, that matches this JSON schema:\n${JSON.stringify(schema)}`;
}

const withFormat = (request: CanonicalRequest, schema: Record<string, unknown>): CanonicalRequest => ({
  ...request,
  output_config: { format: { type: "json_schema", schema } },
});

/** Into the last message of the user's, behind all that stands there; a begun answer stays behind it. */
function withInstruction(request: CanonicalRequest, instruction: string): CanonicalRequest {
  const messages = [...request.messages];
  const index = messages.findLastIndex(({ role }) => role === "user");
  const last = messages[index];
  if (last) messages[index] = { ...last, content: [...last.content, toText(instruction)] };
  else messages.unshift({ role: "user", content: [toText(instruction)] });
  return { ...request, messages };
}

const toText = (text: string): TextBlock => ({ type: "text", text });
