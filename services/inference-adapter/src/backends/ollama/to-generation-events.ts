import { ApiError } from "#anthropic/errors.js";
import type { StopReason } from "#anthropic/messages.js";
import type { GenerationEnd, GenerationEvent } from "../inference-backend.js";
import { mapOllamaError } from "./map-ollama-error.js";
import type { OllamaChatChunk } from "./ollama-wire.js";

/** The lines of one `/api/chat` answer → what the model does. @throws ApiError where the answer is no whole one */
export async function* toGenerationEvents(
  chunks: AsyncIterable<OllamaChatChunk>,
): AsyncGenerator<GenerationEvent> {
  const seen = { anything: false, toolCall: false };
  for await (const chunk of chunks) {
    if (chunk.error !== undefined) throw mapOllamaError(500, chunk);
    const { thinking, content, tool_calls } = chunk.message ?? {};
    if (thinking) yield { type: "thinking", thinking };
    if (content) yield { type: "text", text: content };
    for (const call of tool_calls ?? []) {
      yield { type: "tool_use_start", name: call.function.name };
      yield { type: "tool_use_input", partialJson: JSON.stringify(call.function.arguments ?? {}) };
      seen.toolCall = true;
    }
    seen.anything ||= Boolean(thinking || content || tool_calls?.length);
    if (chunk.done) {
      refuseSwallowed(chunk, seen.anything);
      return yield toEnd(chunk, mapStopReason(chunk.done_reason, seen.toolCall));
    }
  }
  throw new ApiError("api_error", "Ollama ended its answer before it was complete");
}

/**
 * A tool call that Ollama's parser rejects is dropped without a word: the only trace is that tokens were
 * generated and nothing came out. One token is the model's plain end.
 */
function refuseSwallowed({ done_reason, eval_count = 0 }: OllamaChatChunk, anything: boolean): void {
  if (anything || done_reason !== "stop" || eval_count <= 1) return;
  throw new ApiError(
    "api_error",
    `The model wrote ${eval_count} tokens that Ollama could not read as an answer (a malformed tool call)`,
  );
}

function mapStopReason(doneReason: string | undefined, sawToolCall: boolean): StopReason {
  if (doneReason === "length") return "max_tokens";
  return sawToolCall ? "tool_use" : "end_turn";
}

function toEnd(chunk: OllamaChatChunk, stopReason: StopReason): GenerationEnd {
  return {
    type: "end",
    stopReason,
    stopSequence: null,
    inputTokens: chunk.prompt_eval_count,
    outputTokens: chunk.eval_count ?? 0,
    loadSeconds: (chunk.load_duration ?? 0) / 1e9,
    prefillSeconds: (chunk.prompt_eval_duration ?? 0) / 1e9,
    decodeSeconds: (chunk.eval_duration ?? 0) / 1e9,
  };
}
