import { ApiError } from "#anthropic/errors.js";
import type { GenerationEvent } from "../../inference-backend.js";
import { mapOllamaError } from "../map-ollama-error.js";
import type { OllamaRawChunk } from "../ollama-wire.js";
import { toGenerationEnd } from "../to-generation-end.js";

/** The lines of one `/api/generate` answer → the text as the model writes it. @throws ApiError where it is no whole one */
export async function* toWrittenEvents(
  chunks: AsyncIterable<OllamaRawChunk>,
): AsyncGenerator<GenerationEvent> {
  for await (const chunk of chunks) {
    if (chunk.error !== undefined) throw mapOllamaError(500, chunk);
    if (chunk.response) yield { type: "text", text: chunk.response };
    if (chunk.done) return yield toGenerationEnd(chunk, mapStopReason(chunk.done_reason));
  }
  throw new ApiError("api_error", "Ollama ended its answer before it was complete");
}

const mapStopReason = (doneReason: string | undefined) =>
  doneReason === "length" ? "max_tokens" : "end_turn";
