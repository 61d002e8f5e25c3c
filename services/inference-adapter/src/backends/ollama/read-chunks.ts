import type { IncomingMessage } from "node:http";
import { readBody } from "#platform/read-body.js";
import { readOut } from "#platform/read-out.js";
import { promptTooLong } from "../../tokens/prompt-too-long.js";
import { decodeJsonLines } from "../decode-json-lines.js";
import type { ServedModel } from "../inference-backend.js";
import { LostCallError } from "../lost-call.error.js";
import { joinTextLines } from "./join-text-lines.js";
import { isContextOverflow, mapChatError } from "./map-ollama-error.js";
import type { ModelSlots } from "./model-slots.js";
import type { StreamAnswer } from "./ollama.client.js";
import type { OllamaChatChunk } from "./ollama-wire.js";

/** How one answer is read. */
export interface Reading {
  /** Called for each line. */
  hear: () => void;
  mergesTexts: boolean;
  /** Nobody reads along. */
  isReadWhole: boolean;
  /** About. Ollama does not say by how much a prompt is too long. */
  promptTokens: number;
  slots: ModelSlots;
}

/** @throws ApiError where the answer is a refusal */
export function linesOf(
  answer: StreamAnswer,
  { promptTokens, slots }: Reading,
  model: ServedModel,
): IncomingMessage {
  if ("lines" in answer) return answer.lines;
  if (isContextOverflow(answer.status, answer.error))
    throw promptTooLong(Math.max(promptTokens, model.contextLength + 1), model.contextLength);
  const error = mapChatError(answer.status, answer.error, answer.retryAfterSeconds);
  // The model may write on behind the call that Ollama refused.
  if (error instanceof LostCallError) slots.noteBrokenOff();
  throw error;
}

/**
 * Behind the last line only the end of the body is missing: where that is read too, the connection is kept for
 * the next answer, and Ollama sees no client that breaks off.
 */
export async function* readChunks<Chunk extends OllamaChatChunk>(
  body: IncomingMessage,
  { hear, mergesTexts, slots }: Reading,
): AsyncGenerator<Chunk> {
  let hasBegun = false;
  let isWhole = false;
  try {
    for await (const chunk of decodeJsonLines<Chunk>(
      readBody(body),
      mergesTexts ? joinTextLines : undefined,
    )) {
      hear();
      hasBegun = true;
      isWhole = chunk.done === true;
      if (isWhole) slots.noteEvaluated(chunk.prompt_eval_count ?? 0, (chunk.prompt_eval_duration ?? 0) / 1e9);
      yield chunk;
    }
  } finally {
    if (isWhole) readOut(body);
    else {
      if (hasBegun) slots.noteBrokenOff();
      body.destroy();
    }
  }
}
