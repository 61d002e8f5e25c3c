import { createParser } from "eventsource-parser";
import { ApiError } from "./errors.js";

/**
 * The `data` of server-sent events, from the bytes of their stream. An event without its blank line was cut off and is
 * dropped, as the SSE standard has it.
 */
export class EventDataReader {
  private readonly decoder = new TextDecoder();
  private readonly received: string[] = [];
  private readonly parser;

  /** `longest`: in characters, an event that goes on beyond them has no end. `sender`: who is told to have sent it. */
  constructor(longest: number, sender: string) {
    this.parser = createParser({
      maxBufferSize: longest,
      onEvent: ({ data }) => this.received.push(data),
      onError: ({ type }) => {
        if (type === "max-buffer-size-exceeded")
          throw new ApiError("api_error", `${sender} sent an event without an end`);
      },
    });
  }

  /** The data of the events that are whole now. @throws ApiError on an event without an end */
  read(chunk: Uint8Array): string[] {
    this.parser.feed(this.decoder.decode(chunk, { stream: true }));
    return this.received.splice(0);
  }
}
