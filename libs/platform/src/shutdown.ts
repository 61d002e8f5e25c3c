import { ApiError } from "#anthropic/errors.js";

/** Injected everywhere: its signal fires when a closing service must end what it is still answering, and when it is closed. */
export class Shutdown {
  private readonly controller = new AbortController();

  /** Its reason is the ApiError that the unfinished answers end with. */
  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** What comes of `work`, unless the service must end its answers before. @throws the signal's reason */
  async orEnd<T>(work: Promise<T>): Promise<T> {
    const { signal } = this;
    const end = Promise.withResolvers<never>();
    const onEnd = () => end.reject(signal.reason as ApiError);
    if (signal.aborted) onEnd();
    signal.addEventListener("abort", onEnd, { once: true });
    try {
      return await Promise.race([work, end.promise]);
    } finally {
      signal.removeEventListener("abort", onEnd);
    }
  }

  endAnswers(): void {
    this.controller.abort(new ApiError("overloaded_error", "The service is shutting down"));
  }
}
