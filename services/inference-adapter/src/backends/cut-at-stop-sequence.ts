import type { GenerationEvent } from "./inference-backend.js";
import { StopSequenceMatcher } from "./stop-sequence-matcher.js";

/**
 * Ends a generation at the first of the stop sequences, which is left out, and says which it was: Ollama's
 * own `stop` cuts the text but reports a plain end. The first is the one that is whole first, as the model
 * writes, so that it does not depend on how the text comes in pieces. Text that may be the start of one is
 * held back only as long as it may be.
 */
export function cutAtStopSequence(
  events: AsyncIterable<GenerationEvent>,
  stopSequences: string[],
): AsyncIterable<GenerationEvent> {
  const isNone = stopSequences.every((sequence) => sequence === "");
  return isNone ? events : cut(events, new StopSequenceMatcher(stopSequences));
}

async function* cut(
  events: AsyncIterable<GenerationEvent>,
  matcher: StopSequenceMatcher,
): AsyncGenerator<GenerationEvent> {
  let held = "";
  let outputTokens = 0;
  for await (const event of events) {
    if (event.type !== "end") outputTokens += 1;
    if (event.type !== "text") {
      if (held !== "") yield { type: "text", text: held };
      held = "";
      matcher.reset();
      yield event;
      continue;
    }
    const hit = matcher.feed(event.text);
    const written = held + event.text;
    const passed = hit ? held.length + hit.end - hit.sequence.length : written.length - matcher.begun;
    if (passed > 0) yield { type: "text", text: written.slice(0, passed) };
    if (hit) return yield stopEnd(hit.sequence, outputTokens);
    held = written.slice(passed);
  }
  if (held !== "") yield { type: "text", text: held };
}

/** The backend is cut off before it counts: each piece is about a token. */
function stopEnd(stopSequence: string, outputTokens: number): GenerationEvent {
  return {
    type: "end",
    stopReason: "stop_sequence",
    stopSequence,
    inputTokens: undefined,
    outputTokens,
    loadSeconds: 0,
    prefillSeconds: 0,
    decodeSeconds: 0,
  };
}
