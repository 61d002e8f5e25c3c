import type { Tool } from "#anthropic/messages.js";
import type { Ending, RescueKind } from "../call-reader.js";
import { ToolCallScanner, type ScannedPiece } from "../tool-call-scanner.js";

export type Outcome =
  | { text: string }
  | { tool: string; input: Record<string, unknown>; kind: RescueKind; source: string };

/** What the scanner makes of these pieces of text, texts side by side joined. */
export function scan(pieces: string[], tools: Tool[], ending: Ending = "finished"): Outcome[] {
  const scanner = new ToolCallScanner(tools);
  return join([...pieces.flatMap((piece) => scanner.feed(piece)), ...scanner.end(ending)]);
}

function join(pieces: ScannedPiece[]): Outcome[] {
  const outcomes: Outcome[] = [];
  for (const piece of pieces) {
    const last = outcomes.at(-1);
    if (piece.type === "call") {
      const { name, input, kind, source } = piece.call;
      outcomes.push({ tool: name, input, kind, source });
    } else if (piece.type !== "text") throw new Error(`nobody asked for a ${piece.type}`);
    else if (last && "text" in last) last.text += piece.text;
    else outcomes.push({ text: piece.text });
  }
  return outcomes;
}

/** One text at several cuts, some of them random but always the same. */
export function cuts(text: string): [string, string[]][] {
  const even = [1, 3, 7, Math.max(1, text.length)].map((size): [string, string[]] => [
    `pieces of ${size}`,
    cut(text, () => size),
  ]);
  const random = [11, 23, 37, 51].map((seed): [string, string[]] => [
    `random pieces ${seed}`,
    cut(text, randomSizes(seed)),
  ]);
  return [...even, ...random];
}

export function cut(text: string, nextSize: () => number): string[] {
  const pieces: string[] = [];
  for (let at = 0; at < text.length; ) {
    const size = nextSize();
    pieces.push(text.slice(at, at + size));
    at += size;
  }
  return pieces;
}

function randomSizes(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48271) % 2147483647;
    return 1 + (state % 12);
  };
}
