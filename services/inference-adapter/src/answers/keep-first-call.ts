import type { GenerationEvent } from "../backends/inference-backend.js";
import { JsonBoundary } from "../tool-rescue/json-boundary.js";

/** Ends a generation behind its first tool call, for `disable_parallel_tool_use`: leaving it ends it. */
export async function* keepFirstCall(
  events: AsyncIterable<GenerationEvent>,
): AsyncGenerator<GenerationEvent> {
  const boundary = new JsonBoundary();
  let outputTokens = 0;
  let isInCall = false;
  for await (const event of events) {
    if (event.type === "end") return yield event;
    outputTokens += event.type === "tool_use_input" ? Math.ceil(event.partialJson.length / 4) : 1;
    if (isInCall && event.type !== "tool_use_input") return yield toolUseEnd(outputTokens);
    yield event;
    if (event.type === "tool_use_start") isInCall = true;
    else if (event.type === "tool_use_input" && boundary.scan(event.partialJson).isEnd)
      return yield toolUseEnd(outputTokens);
  }
}

/** The backend is left before it counts, so the tokens are an estimate. */
function toolUseEnd(outputTokens: number): GenerationEvent {
  return {
    type: "end",
    stopReason: "tool_use",
    stopSequence: null,
    inputTokens: undefined,
    outputTokens,
    loadSeconds: 0,
    prefillSeconds: 0,
    decodeSeconds: 0,
  };
}
