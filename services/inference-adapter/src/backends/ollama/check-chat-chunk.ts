import { ApiError } from "#anthropic/errors.js";
import type { OllamaChatChunk } from "./ollama-wire.js";

/** A line's parts have the types that Ollama gives them. @throws ApiError where it is no line of an answer */
export function checkChatChunk(chunk: OllamaChatChunk): void {
  const { message, response, done, done_reason, eval_count, prompt_eval_count } = chunk;
  const { content, thinking, tool_calls } = message ?? {};
  const isRight =
    isAbsentOr("object", message) &&
    [content, response, thinking, done_reason].every((text) => isAbsentOr("string", text)) &&
    isAbsentOr("boolean", done) &&
    [eval_count, prompt_eval_count, ...durations(chunk)].every(isAbsentOrAmount) &&
    (tool_calls == null || (Array.isArray(tool_calls) && tool_calls.every(isCall)));
  if (!isRight) throw new ApiError("api_error", "Ollama sent a line that is no part of an answer");
}

const durations = ({ load_duration, prompt_eval_duration, eval_duration }: OllamaChatChunk) => [
  load_duration,
  prompt_eval_duration,
  eval_duration,
];

const isAbsentOr = (type: "string" | "boolean" | "object", value: unknown): boolean =>
  value == null || typeof value === type;

const isAbsentOrAmount = (value: unknown): boolean =>
  value == null || (Number.isFinite(value) && (value as number) >= 0);

function isCall(call: unknown): boolean {
  const { name, arguments: input } = (call as { function?: Record<string, unknown> } | null)?.function ?? {};
  return typeof name === "string" && (input == null || (typeof input === "object" && !Array.isArray(input)));
}
