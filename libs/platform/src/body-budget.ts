import type { IncomingMessage, ServerResponse } from "node:http";
import { getHeapStatistics } from "node:v8";
import { ApiError } from "#anthropic/errors.js";

/** Shorter bodies are always let in. */
const smallBody = 1024 * 1024;
/** A body takes about four times its length until it is read, parsed and passed on, most of it outside of the heap. */
const shareOfHeap = 0.25;

/**
 * How much of long bodies a service has in memory at once: 16 of 32 MB ended one that has 1 GiB. By their
 * `content-length`, or as they come where they have none.
 */
export class BodyBudget {
  private held = 0;

  /** `most`: bytes; by default a share of what V8's heap may take, which goes by the container's limit. */
  constructor(private readonly most = getHeapStatistics().heap_size_limit * shareOfHeap) {}

  /** Holds its place until `letGoOfBody`, or until the answer has ended. @throws ApiError `overloaded_error` */
  admit(request: IncomingMessage, response: ServerResponse): void {
    this.hold(Number(request.headers["content-length"] ?? 0), response);
  }

  /**
   * Before a body is read: one that does not say its length is counted as it comes, and its reader meets the error
   * where it comes to take too much.
   */
  count(request: IncomingMessage, response: ServerResponse): void {
    if (!isReadInPieces(request)) return;
    let length = 0;
    const onData = (chunk: Buffer) => {
      length += chunk.length;
      try {
        // What comes behind a refusal is not kept.
        if (response.headersSent) request.off("data", onData);
        else this.hold(length, response);
      } catch (error) {
        request.off("data", onData);
        request.emit("error", error);
      }
    };
    request.on("data", onData);
    request.on("error", () => request.off("data", onData));
  }

  /** `length`: what the body takes now. @throws ApiError `overloaded_error` */
  private hold(length: number, response: ServerResponse): void {
    if (!(length > smallBody)) return;
    const known = holders.get(response);
    const others = this.held - (known?.length ?? 0);
    // One is always let in.
    if (others > 0 && others + length > this.most)
      throw new ApiError("overloaded_error", "Too many long requests at once; try again");
    this.held = others + length;
    if (known) known.length = length;
    else this.enter(length, response);
  }

  private enter(length: number, response: ServerResponse): void {
    const holder: Holder = {
      length,
      letGo: () => {
        if (holders.delete(response)) this.held -= holder.length;
      },
    };
    holders.set(response, holder);
    response.once("close", holder.letGo);
  }
}

/** Fastify leaves the bodies of GET and HEAD alone. */
function isReadInPieces({ method, headers }: IncomingMessage): boolean {
  return headers["transfer-encoding"] !== undefined && method !== "GET" && method !== "HEAD";
}

interface Holder {
  length: number;
  letGo: () => void;
}

const holders = new WeakMap<ServerResponse, Holder>();

/** The body has been passed on: its answer may take minutes. */
export function letGoOfBody(response: ServerResponse): void {
  holders.get(response)?.letGo();
}
