import { createParser } from "eventsource-parser";
import { ApiError } from "./errors.js";
import type { MessageStreamEvent } from "./events.js";

/** The longest is a call's whole input in one piece: some MiB. */
const longestEvent = 32 * 1024 * 1024;

/** One event as the text of a server-sent event. */
export function encodeEvent(event: MessageStreamEvent): string {
  return `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}

/**
 * Bytes of a `text/event-stream` body → events. A `data` that is no JSON object with a type is an error, after the
 * events before it. An event without its blank line was cut off and is dropped, as the SSE standard has it.
 */
export async function* decodeEvents(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<MessageStreamEvent> {
  const text = new TextDecoder();
  const received: string[] = [];
  const parser = createParser({
    maxBufferSize: longestEvent,
    onEvent: ({ data }) => received.push(data),
    onError: ({ type }) => {
      if (type === "max-buffer-size-exceeded")
        throw new ApiError("api_error", "the upstream sent an event without an end");
    },
  });
  for await (const chunk of bytes) {
    parser.feed(text.decode(chunk, { stream: true }));
    for (const data of received.splice(0)) yield parseEventData(data);
  }
}

function parseEventData(data: string): MessageStreamEvent {
  try {
    const value: unknown = JSON.parse(data);
    if (typeof value === "object" && value !== null && "type" in value && typeof value.type === "string")
      return value as MessageStreamEvent;
  } catch {
    // falls through to the error below
  }
  throw new ApiError("api_error", "the upstream sent an event that is no JSON object with a type");
}
