import type { Tool } from "#anthropic/messages.js";
import type { Ending } from "../call-reader.js";
import { ToolCallScanner, type ScannedPiece } from "../tool-call-scanner.js";

export type DraftOutcome =
  | { text: string }
  | { tool: string; json: string; source: string; wasBegun: boolean }
  | { broken: string; json: string };

/** What comes of these pieces of text where calls are told while they are written; the JSON is all that was told. */
export function scanDrafts(pieces: string[], tools: Tool[], ending: Ending = "finished"): DraftOutcome[] {
  const scanner = new ToolCallScanner(tools, { drafts: true });
  return joinDrafts([...pieces.flatMap((piece) => scanner.feed(piece)), ...scanner.end(ending)]);
}

function joinDrafts(pieces: ScannedPiece[]): DraftOutcome[] {
  const outcomes: DraftOutcome[] = [];
  let told = "";
  for (const piece of pieces) {
    const last = outcomes.at(-1);
    switch (piece.type) {
      case "draft":
        told += piece.json;
        continue;
      case "broken":
        outcomes.push({ broken: piece.source, json: told });
        break;
      case "call": {
        const { name, input, source } = piece.call;
        const rest = piece.begun ? piece.begun.input.rest(input) : JSON.stringify(input);
        if (piece.begun && piece.begun.name !== name) throw new Error("another call was begun");
        outcomes.push({ tool: name, json: told + rest, source, wasBegun: piece.begun !== undefined });
        break;
      }
      case "text":
        if (told !== "") throw new Error("a call that was begun became text");
        if (last && "text" in last) last.text += piece.text;
        else outcomes.push({ text: piece.text });
    }
    told = "";
  }
  return outcomes;
}

/** What an outcome was written as. */
export const sourceOf = (outcome: DraftOutcome) =>
  "text" in outcome ? outcome.text : "tool" in outcome ? outcome.source : outcome.broken;
