import { ApiError } from "#anthropic/errors.js";
import { EventDataReader } from "#anthropic/event-data.js";
import type { ChatChunk } from "./openai-wire.js";

/** The longest is a call with all that fits a window: some MiB. */
const longestEvent = 16 * 1024 * 1024;

/**
 * Bytes of a streamed answer → its chunks, to `[DONE]` or to the end of the bytes.
 * @throws ApiError on an event that is no JSON object
 */
export async function* decodeChunks(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<ChatChunk> {
  const reader = new EventDataReader(longestEvent, "the backend");
  for await (const piece of bytes)
    for (const data of reader.read(piece)) {
      if (data === "[DONE]") return;
      yield parseChunk(data);
    }
}

function parseChunk(data: string): ChatChunk {
  try {
    const value: unknown = JSON.parse(data);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  } catch {
    // falls through to the error below
  }
  throw new ApiError("api_error", "the backend sent an event that is no JSON object");
}
