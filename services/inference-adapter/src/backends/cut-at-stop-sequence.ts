import type { GenerationEvent } from "./inference-backend.js";

/**
 * Ends a generation at the first of the stop sequences, which is left out, and says which it was: Ollama's
 * own `stop` cuts the text but reports a plain end. Text that may be the start of one is held back only as
 * long as it may be.
 */
export async function* cutAtStopSequence(
  events: AsyncIterable<GenerationEvent>,
  stopSequences: string[],
): AsyncGenerator<GenerationEvent> {
  const sequences = stopSequences.filter((sequence) => sequence !== "");
  if (sequences.length === 0) return yield* events;
  let held = "";
  let outputTokens = 0;
  for await (const event of events) {
    if (event.type !== "text") {
      if (held !== "") yield { type: "text", text: held };
      held = "";
      yield event;
      continue;
    }
    outputTokens += 1;
    held += event.text;
    const hit = firstHit(held, sequences);
    if (hit) {
      if (hit.index > 0) yield { type: "text", text: held.slice(0, hit.index) };
      yield stopEnd(hit.sequence, outputTokens);
      return;
    }
    const keep = longestPossibleStart(held, sequences);
    if (keep < held.length) yield { type: "text", text: held.slice(0, held.length - keep) };
    held = held.slice(held.length - keep);
  }
}

function firstHit(text: string, sequences: string[]): { index: number; sequence: string } | undefined {
  let first: { index: number; sequence: string } | undefined;
  for (const sequence of sequences) {
    const index = text.indexOf(sequence);
    if (index !== -1 && (!first || index < first.index)) first = { index, sequence };
  }
  return first;
}

/** How many characters at the end of `text` may be the start of a sequence. */
function longestPossibleStart(text: string, sequences: string[]): number {
  const longest = Math.min(text.length, Math.max(...sequences.map(({ length }) => length - 1)));
  for (let length = longest; length > 0; length--) {
    const end = text.slice(-length);
    if (sequences.some((sequence) => sequence.startsWith(end))) return length;
  }
  return 0;
}

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
