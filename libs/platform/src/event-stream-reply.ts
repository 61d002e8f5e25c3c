import type { FastifyReply } from "fastify";
import { once } from "node:events";
import { type ApiError, type ErrorBody, toApiError } from "#anthropic/errors.js";
import type { MessageStreamEvent } from "#anthropic/events.js";
import { encodeEvent } from "#anthropic/sse.js";

export interface EventStreamOptions {
  requestId: string;
  /** After this much silence a `ping` is sent. */
  pingIntervalMs: number;
  signal: AbortSignal;
  /** An error says whether and when to try again: for another service of ours, not for a client. */
  tellsAdvice?: boolean;
}

export const eventStreamHeaders = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-cache",
  "x-accel-buffering": "no",
};

/** What has come together goes out together, up to this many characters. */
const maxPendingCharacters = 64 * 1024;

/**
 * Sends events as `text/event-stream` and ends the answer. A source that throws ends it with one `error`
 * event: a stream never just stops. Waits for a slow reader; gives up when `signal` fires. The events of one turn of
 * the event loop are one write: each write wakes its reader.
 * @returns the error that ended the stream, if one did
 * @throws when it cannot begin
 */
export async function sendEventStream(
  reply: FastifyReply,
  events: AsyncIterable<MessageStreamEvent>,
  { requestId, pingIntervalMs, signal, tellsAdvice = false }: EventStreamOptions,
): Promise<unknown> {
  const response = reply.raw;
  try {
    response.writeHead(200, {
      ...(reply.getHeaders() as Record<string, string>),
      ...eventStreamHeaders,
    });
  } catch (error) {
    await events[Symbol.asyncIterator]().return?.();
    throw error;
  }
  // Only now: of what has failed until here Nest still answers the error.
  reply.hijack();
  let lastWriteAt = performance.now();
  let pending = "";
  let isBegun = false;
  const flush = () => {
    const text = pending;
    pending = "";
    if (response.destroyed) return;
    if (text !== "") response.write(text);
    else if (!isBegun) response.flushHeaders();
    isBegun = true;
  };
  // The headers wake their reader: whoever has to be asked for the events is asked before that.
  setImmediate(flush);
  const write = (event: MessageStreamEvent): void => {
    lastWriteAt = performance.now();
    if (pending === "") setImmediate(flush);
    pending += encodeEvent(event);
    if (pending.length > maxPendingCharacters) flush();
  };
  const pings = setInterval(() => {
    if (performance.now() - lastWriteAt >= pingIntervalMs * 0.9 && !response.writableNeedDrain)
      write({ type: "ping" });
  }, pingIntervalMs / 2);
  try {
    for await (const event of events) {
      write(event);
      if (response.writableNeedDrain || response.destroyed) await once(response, "drain", { signal });
    }
    return undefined;
  } catch (error) {
    if (signal.aborted) return undefined;
    const told = toApiError(error);
    const shown = tellsAdvice ? told.toBody().error : toLateError(told);
    const advice = tellsAdvice ? told.toAdvice() : {};
    write({ type: "error", error: shown, request_id: requestId, ...advice });
    return error;
  } finally {
    clearInterval(pings);
    flush();
    response.end();
  }
}

/** No status tells a client any more whether to try again: some, as opencode and pi, go by the words. */
function toLateError(late: ApiError): ErrorBody["error"] {
  const { error } = late.toBody();
  return late.shouldRetry ? { ...error, message: `${error.message}; please retry your request` } : error;
}
