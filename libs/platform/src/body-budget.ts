import type { IncomingMessage, ServerResponse } from "node:http";
import { getHeapStatistics } from "node:v8";
import { ApiError } from "#anthropic/errors.js";

/** Shorter bodies are always let in. */
const smallBody = 1024 * 1024;
/** A body takes about four times its length until it is read, parsed and passed on, most of it outside of the heap. */
const shareOfHeap = 0.25;

/**
 * How much of long bodies a service has in memory at once: 16 of 32 MB ended one that has 1 GiB. Each by its
 * `content-length`, or where it tells none by what has come of it.
 */
export class BodyBudget {
  private held = 0;

  /** `most`: bytes; by default a share of what V8's heap may take, which goes by the container's limit. */
  constructor(private readonly most = getHeapStatistics().heap_size_limit * shareOfHeap) {}

  /** Holds its place until `letGoOfBody`, or until the answer has ended. @throws ApiError `overloaded_error` */
  admit(request: IncomingMessage, response: ServerResponse): void {
    const length = Number(request.headers["content-length"] ?? 0);
    if (length > smallBody) this.openPlace(response)(length);
  }

  /** For a body in chunks, right before it is read: its reader gets an `error` where there is no room for more. */
  countChunks(request: IncomingMessage, response: ServerResponse): void {
    if (request.headers["transfer-encoding"] === undefined) return;
    let come = 0;
    let hold: ((bytes: number) => void) | undefined;
    const onData = ({ length }: Buffer) => {
      come += length;
      if (come <= smallBody) return;
      try {
        if (hold) hold(length);
        else (hold = this.openPlace(response))(come);
      } catch (error) {
        request.off("data", onData);
        // Whoever found it too long by itself has stopped reading.
        if (request.listenerCount("error") > 0) request.emit("error", error);
      }
    };
    request.on("data", onData);
  }

  /** @returns takes more bytes into the place. @throws ApiError where there is no room */
  private openPlace(response: ServerResponse): (bytes: number) => void {
    let own = 0;
    const letGo = () => {
      if (holders.delete(response)) this.held -= own;
    };
    holders.set(response, letGo);
    response.once("close", letGo);
    return (bytes) => {
      // One is always let in.
      if (this.held > own && this.held + bytes > this.most)
        throw new ApiError("overloaded_error", "Too many long requests at once; try again");
      own += bytes;
      this.held += bytes;
    };
  }
}

const holders = new WeakMap<ServerResponse, () => void>();

/** The body has been passed on: its answer may take minutes. */
export function letGoOfBody(response: ServerResponse): void {
  holders.get(response)?.();
}
