import { createParser } from "eventsource-parser";
import { ApiError } from "#anthropic/errors.js";
import type { ChatChunk } from "./openai-wire.js";

/** The longest is a call with all that fits a window: some MiB. */
const longestEvent = 16 * 1024 * 1024;

/**
 * Bytes of a streamed answer → its chunks, to `[DONE]` or to the end of the bytes. An event without its blank line
 * was cut off and is dropped, as the SSE standard has it. @throws ApiError on an event that is no JSON object
 */
export async function* decodeChunks(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<ChatChunk> {
  const text = new TextDecoder();
  const received: string[] = [];
  const parser = createParser({
    maxBufferSize: longestEvent,
    onEvent: ({ data }) => received.push(data),
    onError: ({ type }) => {
      if (type === "max-buffer-size-exceeded")
        throw new ApiError("api_error", "the backend sent an event without an end");
    },
  });
  for await (const piece of bytes) {
    parser.feed(text.decode(piece, { stream: true }));
    for (const data of received.splice(0)) {
      if (data === "[DONE]") return;
      yield parseChunk(data);
    }
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
