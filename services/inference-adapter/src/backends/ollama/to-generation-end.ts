import { ApiError } from "#anthropic/errors.js";
import type { StopReason } from "#anthropic/messages.js";
import type { GenerationEnd } from "../inference-backend.js";
import type { OllamaChunk } from "./ollama-wire.js";

/** @throws ApiError where the last line ends no answer, but the loading of a model */
export function toGenerationEnd(chunk: OllamaChunk, stopReason: StopReason): GenerationEnd {
  if (chunk.done_reason === "load" || chunk.done_reason === "unload")
    throw new ApiError("api_error", `Ollama gave no answer, but ${chunk.done_reason}ed the model`);
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
