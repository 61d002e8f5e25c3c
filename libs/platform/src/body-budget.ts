import type { IncomingMessage, ServerResponse } from "node:http";
import { getHeapStatistics } from "node:v8";
import { ApiError } from "#anthropic/errors.js";

/** Shorter bodies are always let in. */
const smallBody = 1024 * 1024;
/** A body takes about four times its length until it is read, parsed and passed on, most of it outside of the heap. */
const shareOfHeap = 0.25;

/**
 * How much of long bodies a service has in memory at once: 16 of 32 MB ended one that has 1 GiB. By their
 * `content-length`; a body without one is bounded alone.
 */
export class BodyBudget {
  private held = 0;

  /** `most`: bytes; by default a share of what V8's heap may take, which goes by the container's limit. */
  constructor(private readonly most = getHeapStatistics().heap_size_limit * shareOfHeap) {}

  /** Holds its place until `letGoOfBody`, or until the answer has ended. @throws ApiError `overloaded_error` */
  admit(request: IncomingMessage, response: ServerResponse): void {
    const length = Number(request.headers["content-length"] ?? 0);
    if (!(length > smallBody)) return;
    // One is always let in.
    if (this.held > 0 && this.held + length > this.most)
      throw new ApiError("overloaded_error", "Too many long requests at once; try again");
    this.held += length;
    const letGo = () => {
      if (holders.delete(response)) this.held -= length;
    };
    holders.set(response, letGo);
    response.once("close", letGo);
  }
}

const holders = new WeakMap<ServerResponse, () => void>();

/** The body has been passed on: its answer may take minutes. */
export function letGoOfBody(response: ServerResponse): void {
  holders.get(response)?.();
}
