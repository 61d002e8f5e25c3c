import { ApiError } from "#anthropic/errors.js";
import type { GenerationEvent } from "../backends/inference-backend.js";

/** More than fit into a model's window. */
export const mostCalls = 10_000;

/** A server may send any number of calls at once, and each becomes several events of the answer. */
export class CallLimit {
  private calls = 0;

  /** To be called for each event of an answer. @throws ApiError where the calls are more than a model can have written */
  check({ type }: GenerationEvent): void {
    if (type === "tool_use_start") this.calls += 1;
    if (this.calls > mostCalls)
      throw new ApiError("api_error", `The answer has more than ${mostCalls} tool calls`, {
        shouldRetry: false,
      });
  }
}
