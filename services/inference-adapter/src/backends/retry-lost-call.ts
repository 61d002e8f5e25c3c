import type { GenerationEnd, GenerationEvent } from "./inference-backend.js";
import { LostCallError } from "./lost-call.error.js";

/**
 * Runs a generation once more when its tool call was lost. What the client has already seen stays: of the
 * second run only the calls are passed on then. When that is lost too, an answer that had text ends with it, and
 * with what the model wrote for a call where that is known.
 */
export async function* retryLostCall(
  run: (attempt: number) => AsyncIterable<GenerationEvent> | Promise<AsyncIterable<GenerationEvent>>,
  onRetry: () => void,
): AsyncGenerator<GenerationEvent> {
  let hasOutput = false;
  try {
    for await (const event of await run(0)) {
      hasOutput = true;
      yield event;
    }
    return;
  } catch (error) {
    if (!(error instanceof LostCallError)) throw error;
    onRetry();
    const again = await run(1);
    yield* hasOutput ? onlyCalls(again, error) : again;
  }
}

async function* onlyCalls(
  events: AsyncIterable<GenerationEvent>,
  first: LostCallError,
): AsyncGenerator<GenerationEvent> {
  let hasCall = false;
  try {
    for await (const event of events) {
      hasCall ||= event.type === "tool_use_start";
      if (event.type === "end" && !hasCall && first.end) yield* endOf(first, first.end);
      else if (hasCall || event.type === "end") yield event;
    }
  } catch (error) {
    if (!(error instanceof LostCallError) || hasCall || !first.end) throw error;
    yield* endOf(first, first.end);
  }
}

function* endOf({ unread }: LostCallError, end: GenerationEnd): Generator<GenerationEvent> {
  if (unread !== "") yield { type: "text", text: unread };
  yield { ...end, hasLostCall: true };
}
