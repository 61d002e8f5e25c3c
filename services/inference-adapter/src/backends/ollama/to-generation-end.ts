import type { StopReason } from "#anthropic/messages.js";
import type { GenerationEnd } from "../inference-backend.js";
import type { OllamaChunk } from "./ollama-wire.js";

export function toGenerationEnd(chunk: OllamaChunk, stopReason: StopReason): GenerationEnd {
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
