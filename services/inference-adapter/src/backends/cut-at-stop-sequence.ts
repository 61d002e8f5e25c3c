import type { GenerationEvent } from "./inference-backend.js";

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
  const sequences = stopSequences.filter((sequence) => sequence !== "");
  return sequences.length === 0 ? events : cut(events, sequences);
}

async function* cut(
  events: AsyncIterable<GenerationEvent>,
  sequences: string[],
): AsyncGenerator<GenerationEvent> {
  let held = "";
  let outputTokens = 0;
  for await (const event of events) {
    if (event.type !== "end") outputTokens += 1;
    if (event.type !== "text") {
      if (held !== "") yield { type: "text", text: held };
      held = "";
      yield event;
      continue;
    }
    held += event.text;
    const hit = firstHit(held, sequences);
    if (hit) {
      if (hit.start > 0) yield { type: "text", text: held.slice(0, hit.start) };
      yield stopEnd(hit.sequence, outputTokens);
      return;
    }
    const keep = longestPossibleStart(held, sequences);
    if (keep < held.length) yield { type: "text", text: held.slice(0, held.length - keep) };
    held = held.slice(held.length - keep);
  }
  if (held !== "") yield { type: "text", text: held };
}

interface Hit {
  sequence: string;
  start: number;
  end: number;
}

/** Of two that end together the longer one. */
function firstHit(text: string, sequences: string[]): Hit | undefined {
  let first: Hit | undefined;
  for (const sequence of sequences) {
    const start = text.indexOf(sequence);
    const end = start + sequence.length;
    if (start !== -1 && (!first || end < first.end || (end === first.end && start < first.start)))
      first = { sequence, start, end };
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
