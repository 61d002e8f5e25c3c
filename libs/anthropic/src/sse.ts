import { ApiError } from "./errors.js";
import { EventDataReader } from "./event-data.js";
import type { MessageStreamEvent } from "./events.js";

/** The longest is a call's whole input in one piece: some MiB. */
const longestEvent = 32 * 1024 * 1024;

/** One event as the text of a server-sent event. */
export function encodeEvent(event: MessageStreamEvent): string {
  return `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}

/** Bytes of a `text/event-stream` body → events. */
export async function* decodeEvents(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<MessageStreamEvent> {
  const decoder = new EventDecoder();
  for await (const chunk of bytes) yield* decoder.read(chunk);
}

/** As `decodeEvents`, for who reads the bytes himself. */
export class EventDecoder {
  private readonly reader = new EventDataReader(longestEvent, "the upstream");

  /**
   * The events that are whole now. @throws ApiError on a `data` that is no JSON object with a type, after the events
   * before it
   */
  *read(chunk: Uint8Array): Generator<MessageStreamEvent> {
    for (const data of this.reader.read(chunk)) yield parseEventData(data);
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
