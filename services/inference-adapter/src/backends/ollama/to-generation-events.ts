import { deepestInput, isNestedDeeper } from "#anthropic/check-nesting.js";
import { ApiError } from "#anthropic/errors.js";
import type { StopReason } from "#anthropic/messages.js";
import type { GenerationEnd, GenerationEvent } from "../inference-backend.js";
import { LostCallError } from "../lost-call.error.js";
import { checkChatChunk } from "./check-chat-chunk.js";
import { mapChatError } from "./map-ollama-error.js";
import type { OllamaChatChunk } from "./ollama-wire.js";
import { toGenerationEnd } from "./to-generation-end.js";

/** The lines of one `/api/chat` answer → what the model does. @throws ApiError where the answer is no whole one */
export async function* toGenerationEvents(
  chunks: AsyncIterable<OllamaChatChunk>,
): AsyncGenerator<GenerationEvent> {
  const seen: Seen = { outputTokens: 0, toolCall: false };
  for await (const chunk of chunks) {
    if (chunk.error != null) throw mapChatError(500, chunk);
    checkChatChunk(chunk);
    const { thinking, content = chunk.response, tool_calls } = chunk.message ?? {};
    if (thinking) yield { type: "thinking", thinking };
    if (content) yield { type: "text", text: content };
    for (const { function: call } of tool_calls ?? []) {
      const { name } = call;
      const input = call.arguments ?? {};
      if (isNestedDeeper(input, deepestInput)) throw toTooDeep(name);
      yield { type: "tool_use_start", name };
      yield { type: "tool_use_input", partialJson: JSON.stringify(input) };
      seen.toolCall = true;
    }
    seen.outputTokens += mostTokens(thinking) + mostTokens(content);
    if (chunk.done) {
      const end = toGenerationEnd(chunk, mapStopReason(chunk.done_reason, seen.toolCall));
      refuseSwallowed(chunk, seen, end);
      return yield end;
    }
  }
  throw new ApiError("api_error", "Ollama ended its answer before it was complete");
}

interface Seen {
  /** How many tokens can stand behind the text seen so far. */
  outputTokens: number;
  toolCall: boolean;
}

/** Tokens that never show: the model's end, the marks of thinking, blanks that Ollama trims. */
const hiddenTokens = 8;

/** No token is shorter than a byte. How many tokens a line holds differs between versions, so it tells nothing. */
const mostTokens = (text: string | undefined): number => Buffer.byteLength(text ?? "");

/**
 * A tool call that Ollama's parser rejects is dropped without a word: the only trace is that more tokens
 * were generated than can have come out, which shows behind a short text only. Where nothing came out, one
 * token is the model's plain end.
 */
function refuseSwallowed(chunk: OllamaChatChunk, seen: Seen, end: GenerationEnd): void {
  const { done_reason, eval_count = 0 } = chunk;
  if (done_reason !== "stop" || seen.toolCall) return;
  const expected = seen.outputTokens === 0 ? 1 : seen.outputTokens + hiddenTokens;
  if (eval_count <= expected) return;
  throw new LostCallError(
    `The model wrote ${eval_count} tokens that Ollama could not read as an answer (a malformed tool call)`,
    seen.outputTokens === 0 ? undefined : end,
  );
}

const toTooDeep = (name: string) =>
  new LostCallError(`The model's call of ${name} has arguments nested deeper than ${deepestInput} levels`);

function mapStopReason(doneReason: string | undefined, sawToolCall: boolean): StopReason {
  if (doneReason === "length") return "max_tokens";
  return sawToolCall ? "tool_use" : "end_turn";
}
