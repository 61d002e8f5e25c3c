import type { IncomingMessage } from "node:http";
import { ApiError, parseErrorBody } from "#anthropic/errors.js";
import type { MessageStreamEvent } from "#anthropic/events.js";
import { EventDecoder } from "#anthropic/sse.js";
import { readBody } from "#platform/read-body.js";
import { readOut } from "#platform/read-out.js";

/** Behind the last event only the end of the body is missing: it is read too, and the connection is kept. */
export async function* readEvents(
  body: IncomingMessage,
  silenceMs: number,
): AsyncGenerator<MessageStreamEvent> {
  const decoder = new EventDecoder();
  let isWhole = false;
  try {
    for await (const chunk of withSilenceLimit(body, silenceMs))
      for (const event of decoder.read(chunk)) {
        if (event.type === "error") throw parseErrorBody(500, event);
        isWhole = event.type === "message_stop";
        yield event;
        if (isWhole) return;
      }
  } catch (error) {
    throw toBrokenStream(error);
  } finally {
    if (isWhole) readOut(body);
    else body.destroy();
  }
  throw new ApiError("api_error", "The inference service ended its stream before the answer was complete");
}

/**
 * Only the time spent waiting for the upstream counts: a slow reader is no silence, nor is a pause of this process, behind
 * which what has come meanwhile is read first.
 */
export async function* withSilenceLimit(
  body: IncomingMessage,
  silenceMs: number,
): AsyncGenerator<Uint8Array> {
  let isWaiting = true;
  let chunks = 0;
  const timer = setTimeout(() => {
    const heard = chunks;
    setImmediate(() => {
      if (!isWaiting || chunks > heard) return;
      const seconds = Math.round(silenceMs / 1000);
      body.destroy(new ApiError("timeout_error", `The inference service sent nothing for ${seconds} s`));
    });
  }, silenceMs);
  try {
    for await (const chunk of readBody(body)) {
      isWaiting = false;
      chunks += 1;
      yield chunk;
      isWaiting = true;
      timer.refresh();
    }
  } finally {
    clearTimeout(timer);
  }
}

function toBrokenStream(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  return new ApiError("api_error", "The inference service broke off its stream", { cause: error });
}
