import { deepestInput, isNestedDeeper } from "#anthropic/check-nesting.js";
import { ApiError } from "#anthropic/errors.js";
import type { GenerationEvent } from "../inference-backend.js";
import type { ToolCallDelta } from "./openai-wire.js";

export type Saying = Extract<GenerationEvent, { type: "text" | "thinking" }>;

interface OpenCall {
  index: number | undefined;
  id: string | undefined;
  /** Undefined until it has come: the arguments wait for it. */
  name: string | undefined;
  json: string;
}

/**
 * The pieces of tool calls → calls, one after the other, each piece passed on as it comes. Servers tell a new call
 * by its index, by its id, or by both; some give every call the index 0. What the model says behind a call's first
 * piece waits for the call's end, because a call is one block.
 */
export class ToolCallStream {
  private open: OpenCall | undefined;
  private held: Saying[] = [];
  /** How many calls have begun. */
  count = 0;

  *say(saying: Saying): Generator<GenerationEvent> {
    if (this.open) this.held.push(saying);
    else yield saying;
  }

  *feed(delta: ToolCallDelta): Generator<GenerationEvent> {
    if (!this.open || isOther(this.open, delta)) {
      yield* this.close();
      this.open = { index: delta.index, id: delta.id ?? undefined, name: undefined, json: "" };
      this.count += 1;
    }
    const { open } = this;
    open.id ??= delta.id ?? undefined;
    const piece = toText(delta.function?.arguments);
    open.json += piece;
    if (open.name !== undefined) {
      if (piece !== "") yield { type: "tool_use_input", partialJson: piece };
      return;
    }
    open.name = delta.function?.name || undefined;
    if (open.name === undefined) return;
    yield { type: "tool_use_start", name: open.name };
    if (open.json !== "") yield { type: "tool_use_input", partialJson: open.json };
  }

  /** The end of the call that is open. `isCut`: the answer was ended in its middle. @throws ApiError */
  *close(isCut = false): Generator<GenerationEvent> {
    const { open, held } = this;
    this.open = undefined;
    this.held = [];
    if (open && !isCut) {
      if (open.name === undefined) throw new ApiError("api_error", "the model's tool call has no name");
      if (open.json.trim() === "") yield { type: "tool_use_input", partialJson: "{}" };
      else checkInput(open.name, open.json);
    }
    // Blanks between calls mean nothing.
    if (held.some((saying) => !isBlank(saying))) yield* held;
  }
}

function isOther(open: OpenCall, { index, id }: ToolCallDelta): boolean {
  if (index !== undefined && open.index !== undefined && index !== open.index) return true;
  return Boolean(id) && open.id !== undefined && id !== open.id;
}

function toText(argument: string | Record<string, unknown> | null | undefined): string {
  if (argument === null || argument === undefined) return "";
  if (typeof argument === "string") return argument;
  if (isNestedDeeper(argument, deepestInput)) throw toFault("the model's tool call", tooDeep);
  return JSON.stringify(argument);
}

const isBlank = (saying: Saying): boolean => saying.type === "text" && saying.text.trim() === "";

/** @throws ApiError where the JSON is none that can be the input of a call */
function checkInput(name: string, json: string): void {
  const call = `the model's call of ${name}`;
  const input = parse(json);
  if (typeof input !== "object" || input === null || Array.isArray(input))
    throw toFault(call, "that are no JSON object");
  if (isNestedDeeper(input, deepestInput)) throw toFault(call, tooDeep);
}

const tooDeep = `nested deeper than ${deepestInput} levels`;
const toFault = (call: string, fault: string) => new ApiError("api_error", `${call} has arguments ${fault}`);

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
