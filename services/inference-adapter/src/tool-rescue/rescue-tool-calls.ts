import { ApiError } from "#anthropic/errors.js";
import type { Tool } from "#anthropic/messages.js";
import type { GenerationEvent } from "../backends/inference-backend.js";
import type { CallDraft, Ending, RescuedCall } from "./call-reader.js";
import { ToolCallScanner, type ScannedPiece, type ScannerOptions } from "./tool-call-scanner.js";

export interface RescueOptions extends ScannerOptions {
  /** Drafts are kept until their call is whole or cut. One that ends as no call is text then. */
  holdsDrafts?: boolean;
}

/**
 * Turns the calls that a model wrote as text into tool calls. What is no call passes byte for byte, and at once
 * where it cannot become one. Without tools nothing is touched. With `drafts` the input of a call comes while
 * it is being written; when it is cut then, its JSON stays unfinished. @throws ApiError where a call whose
 * beginning was passed on ends as none
 */
export function rescueToolCalls(
  events: AsyncIterable<GenerationEvent>,
  tools: Tool[],
  onRescue: (call: RescuedCall) => void,
  options: RescueOptions = {},
): AsyncIterable<GenerationEvent> {
  return tools.length === 0 ? events : rescue(events, tools, onRescue, options);
}

async function* rescue(
  events: AsyncIterable<GenerationEvent>,
  tools: Tool[],
  onRescue: (call: RescuedCall) => void,
  options: RescueOptions,
): AsyncGenerator<GenerationEvent> {
  const scanner = new ToolCallScanner(tools, options);
  const translation = new Translation(onRescue, options.holdsDrafts);
  for await (const event of events) {
    if (event.type === "text") {
      yield* translation.toEvents(scanner.feed(event.text), "finished");
      continue;
    }
    const ending = toEnding(event);
    yield* translation.toEvents(scanner.end(ending), ending);
    yield translation.hasCall && event.type === "end" ? withToolUse(event) : event;
  }
  yield* translation.toEvents(scanner.end("cut"), "cut");
}

class Translation {
  hasCall = false;
  private isBegun = false;
  private held = "";

  constructor(
    private readonly onRescue: (call: RescuedCall) => void,
    private readonly holdsDrafts = false,
  ) {}

  *toEvents(pieces: ScannedPiece[], ending: Ending): Generator<GenerationEvent> {
    for (const piece of pieces)
      switch (piece.type) {
        case "text":
          yield { type: "text", text: piece.text };
          break;
        case "draft":
          if (this.holdsDrafts) this.held += piece.json;
          else yield* this.begin(piece.name, piece.json);
          break;
        case "broken":
          yield* this.endBroken(piece, ending);
          this.forgetDraft();
          break;
        case "call":
          yield* this.finish(piece.call, this.holdsDrafts ? undefined : piece.begun);
          this.forgetDraft();
      }
  }

  private forgetDraft(): void {
    this.isBegun = false;
    this.held = "";
  }

  private *begin(name: string, partialJson: string): Generator<GenerationEvent> {
    if (!this.isBegun) yield { type: "tool_use_start", name };
    this.isBegun = true;
    yield { type: "tool_use_input", partialJson };
  }

  private *endBroken({ name, source }: BrokenCall, ending: Ending): Generator<GenerationEvent> {
    if (!this.holdsDrafts) {
      if (ending !== "cut") throw brokenCall();
    } else if (ending === "cut") yield* this.begin(name, this.held);
    else yield { type: "text", text: source };
  }

  private *finish(call: RescuedCall, begun: CallDraft | undefined): Generator<GenerationEvent> {
    if (begun && begun.name !== call.name) throw brokenCall();
    this.hasCall = true;
    this.onRescue(call);
    if (!begun) yield { type: "tool_use_start", name: call.name };
    const partialJson = begun ? begun.input.rest(call.input) : JSON.stringify(call.input);
    if (partialJson !== "") yield { type: "tool_use_input", partialJson };
  }
}

type BrokenCall = Extract<ScannedPiece, { type: "broken" }>;

const brokenCall = () => new ApiError("api_error", "The model's tool call broke off before it was whole");

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
