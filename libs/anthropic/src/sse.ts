import { createParser } from "eventsource-parser";
import { ApiError } from "./errors.js";
import type { MessageStreamEvent } from "./events.js";

/** One event as the text of a server-sent event. */
export function encodeEvent(event: MessageStreamEvent): string {
  return `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}

/** Bytes of a `text/event-stream` body → events. A `data` that is no JSON object is an error. */
export async function* decodeEvents(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<MessageStreamEvent> {
  const text = new TextDecoder();
  let events: MessageStreamEvent[] = [];
  const parser = createParser({ onEvent: ({ data }) => events.push(parseEventData(data)) });
  for await (const chunk of bytes) {
    parser.feed(text.decode(chunk, { stream: true }));
    const decoded = events;
    events = [];
    yield* decoded;
  }
}

function parseEventData(data: string): MessageStreamEvent {
  try {
    const value: unknown = JSON.parse(data);
    if (typeof value === "object" && value !== null && "type" in value) return value as MessageStreamEvent;
  } catch {
    // falls through to the error below
  }
  throw new ApiError("api_error", "the upstream sent an event that is no JSON object");
}
