import { ApiError } from "#anthropic/errors.js";
import type { GenerationEvent } from "../backends/inference-backend.js";

/** More than fit into a model's window. */
export const mostCalls = 10_000;

/**
 * A server may send any number of calls at once, and each becomes several events of the answer.
 * @throws ApiError where they are more than a model can have written
 */
export async function* limitCalls(events: AsyncIterable<GenerationEvent>): AsyncGenerator<GenerationEvent> {
  let calls = 0;
  for await (const event of events) {
    if (event.type === "tool_use_start") calls += 1;
    if (calls > mostCalls)
      throw new ApiError("api_error", `The answer has more than ${mostCalls} tool calls`, {
        shouldRetry: false,
      });
    yield event;
  }
}
