import { ApiError } from "#anthropic/errors.js";

/** Injected everywhere: its signal fires when a closing service must end what it is still answering, and when it is closed. */
export class Shutdown {
  private readonly controller = new AbortController();

  /** Its reason is the ApiError that the unfinished answers end with. */
  get signal(): AbortSignal {
    return this.controller.signal;
  }

  endAnswers(): void {
    this.controller.abort(new ApiError("overloaded_error", "The service is shutting down"));
  }
}
