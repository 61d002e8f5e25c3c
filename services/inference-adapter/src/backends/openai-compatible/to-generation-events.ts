import { ApiError } from "#anthropic/errors.js";
import type { StopReason } from "#anthropic/messages.js";
import type { GenerationEnd, GenerationEvent } from "../inference-backend.js";
import { LostCallError } from "../lost-call.error.js";
import { mapFinishReason } from "./map-finish-reason.js";
import type { ChatChunk, ChatDelta } from "./openai-wire.js";
import { ToolCallStream } from "./tool-call-stream.js";

export interface AnswerContext {
  /** Without tools no call can be lost. */
  offersTools: boolean;
  /** An error inside the stream → what is thrown. */
  toError: (body: unknown) => ApiError;
  /** Milliseconds on a clock that only goes forward. */
  now: () => number;
}

/** The chunks of one answer → what the model does. @throws ApiError where the answer is no whole one */
export async function* toGenerationEvents(
  chunks: AsyncIterable<ChatChunk>,
  { offersTools, toError, now }: AnswerContext,
): AsyncGenerator<GenerationEvent> {
  const calls = new ToolCallStream();
  const seen: Seen = { startedAt: now(), bytes: 0, pieces: 0 };
  for await (const chunk of chunks) {
    if (chunk.error != null || chunk.object === "error") throw toError(chunk);
    seen.usage = chunk.usage ?? seen.usage;
    seen.timings = chunk.timings ?? seen.timings;
    const [choice] = chunk.choices ?? [];
    if (!choice) continue;
    for (const event of toEvents(choice.delta ?? {}, calls)) {
      seen.firstAt ??= now();
      note(event, seen);
      yield event;
    }
    seen.finish = choice.finish_reason ?? seen.finish;
  }
  if (seen.finish === undefined)
    throw new ApiError("api_error", "The model server ended its answer before it was complete");
  const stopReason = mapFinishReason(seen.finish, calls.count > 0);
  yield* calls.close(stopReason === "max_tokens");
  const end = toEnd(seen, stopReason, now());
  if (offersTools && calls.count === 0) refuseLostCall(end, seen);
  yield end;
}

interface Seen {
  startedAt: number;
  firstAt?: number;
  /** Of the text and the thinking. */
  bytes: number;
  pieces: number;
  finish?: string;
  usage?: ChatChunk["usage"];
  timings?: ChatChunk["timings"];
}

function* toEvents(delta: ChatDelta, calls: ToolCallStream): Generator<GenerationEvent> {
  const thinking = delta.reasoning ?? delta.reasoning_content;
  if (thinking) yield* calls.say({ type: "thinking", thinking });
  if (delta.content) yield* calls.say({ type: "text", text: delta.content });
  for (const call of delta.tool_calls ?? []) yield* calls.feed(call);
}

function note(event: GenerationEvent, seen: Seen): void {
  seen.pieces += 1;
  if (event.type === "text") seen.bytes += Buffer.byteLength(event.text);
  else if (event.type === "thinking") seen.bytes += Buffer.byteLength(event.thinking);
}

/** Tokens that never show: the model's end, the marks of thinking, blanks that are trimmed. */
const hiddenTokens = 8;

/**
 * A parser that cannot read a call may drop it without a word: then more tokens were generated than can have come
 * out (no token is shorter than a byte), or the server says that it called and nothing did.
 */
function refuseLostCall(end: GenerationEnd, { bytes, finish, usage }: Seen): void {
  if (end.stopReason !== "end_turn") return;
  const hidden = usage?.completion_tokens_details?.reasoning_tokens ?? 0;
  const most = hidden + (bytes === 0 ? 1 : bytes + hiddenTokens);
  if (finish !== "tool_calls" && end.outputTokens <= most) return;
  throw new LostCallError(
    `The model wrote ${end.outputTokens} tokens that the server could not read as an answer (a malformed tool call)`,
    bytes === 0 ? undefined : end,
  );
}

function toEnd(
  { startedAt, firstAt = startedAt, ...seen }: Seen,
  stopReason: StopReason,
  now: number,
): GenerationEnd {
  const { usage, timings, pieces } = seen;
  return {
    type: "end",
    stopReason,
    stopSequence: null,
    inputTokens: usage?.prompt_tokens,
    outputTokens: usage?.completion_tokens ?? pieces,
    loadSeconds: 0,
    prefillSeconds: (timings?.prompt_ms ?? firstAt - startedAt) / 1000,
    decodeSeconds: (timings?.predicted_ms ?? now - firstAt) / 1000,
  };
}
