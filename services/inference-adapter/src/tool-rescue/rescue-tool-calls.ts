import type { Tool } from "#anthropic/messages.js";
import type { GenerationEvent } from "../backends/inference-backend.js";
import type { Ending, RescueKind } from "./call-reader.js";
import { ToolCallScanner, type ScannedPiece } from "./tool-call-scanner.js";

/**
 * Turns the calls that a backend let through as text into tool calls. What is no call passes byte for byte,
 * and at once where it cannot become one. Without tools nothing is touched.
 */
export async function* rescueToolCalls(
  events: AsyncIterable<GenerationEvent>,
  tools: Tool[],
  onRescue: (kind: RescueKind) => void,
): AsyncGenerator<GenerationEvent> {
  if (tools.length === 0) return yield* events;
  const scanner = new ToolCallScanner(tools);
  let hasRescued = false;
  const toEvents = (pieces: ScannedPiece[]): GenerationEvent[] =>
    pieces.flatMap((piece): GenerationEvent[] => {
      if (piece.type === "text") return [{ type: "text", text: piece.text }];
      hasRescued = true;
      onRescue(piece.call.kind);
      return [
        { type: "tool_use_start", name: piece.call.name },
        { type: "tool_use_input", partialJson: JSON.stringify(piece.call.input) },
      ];
    });
  for await (const event of events) {
    if (event.type === "text") {
      yield* toEvents(scanner.feed(event.text));
      continue;
    }
    yield* toEvents(scanner.end(toEnding(event)));
    yield hasRescued && event.type === "end" ? withToolUse(event) : event;
  }
  yield* toEvents(scanner.end("cut"));
}

function toEnding(event: Exclude<GenerationEvent, { type: "text" }>): Ending {
  switch (event.type) {
    case "thinking":
      return "cut";
    case "tool_use_start":
    case "tool_use_input":
      return "stopped";
    case "end":
      if (event.stopReason === "stop_sequence") return "stopped";
      return event.stopReason === "end_turn" || event.stopReason === "tool_use" ? "finished" : "cut";
  }
}

const withToolUse = (end: Extract<GenerationEvent, { type: "end" }>): GenerationEvent =>
  end.stopReason === "end_turn" ? { ...end, stopReason: "tool_use" } : end;
