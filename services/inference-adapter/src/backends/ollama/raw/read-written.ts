import type { CanonicalRequest } from "#anthropic/canonical-request.js";
import { clientTools } from "#anthropic/client-tools.js";
import type { RescuedCall } from "../../../tool-rescue/call-reader.js";
import { isWellFormedCall } from "../../../tool-rescue/is-well-formed-call.js";
import { rescueToolCalls } from "../../../tool-rescue/rescue-tool-calls.js";
import { cutAtStopSequence } from "../../cut-at-stop-sequence.js";
import type { GenerationEvent } from "../../inference-backend.js";
import { deferredTools } from "./deferred-tools.js";
import { holdBrokenCalls, tellBrokenCalls } from "./hold-broken-calls.js";
import { splitThinking } from "./split-thinking.js";
import { trimBeforeCalls } from "./trim-before-calls.js";
import type { WrittenBlock } from "./written-answers.js";

export interface WrittenOptions {
  request: CanonicalRequest;
  /** Whether thinking was asked for. */
  think: boolean;
  prompt: string;
  isLastTry: boolean;
  /** Nobody reads along: a call is passed on when it is whole. */
  isReadWhole: boolean;
  /** Called for each call that was not as the template has it. */
  onRescue: (call: RescuedCall) => void;
  /** Called with an answer with calls that the model can be shown again as it was written. */
  onWhole: (blocks: WrittenBlock[], written: string) => void;
}

/** The plain text that a model writes → what it does: thinking, text, calls while they are being written. */
export async function* readWritten(
  plain: AsyncIterable<GenerationEvent>,
  { request, think, prompt, isLastTry, isReadWhole, onRescue, onWhole }: WrittenOptions,
): AsyncGenerator<GenerationEvent> {
  let written = "";
  let isAsTemplateHasIt = true;
  async function* noteWritten(): AsyncGenerator<GenerationEvent> {
    for await (const event of plain) {
      if (event.type === "text") written += event.text;
      yield event;
    }
  }
  const onCall = (call: RescuedCall) => {
    if (isWellFormedCall(call)) return;
    isAsTemplateHasIt = false;
    onRescue(call);
  };
  const parts = think ? splitThinking(noteWritten(), /<think>\s*$/.test(prompt)) : noteWritten();
  const tools = [...clientTools(request), ...deferredTools(request)];
  const drafting = { drafts: true, holdsDrafts: isReadWhole };
  const calls = trimBeforeCalls(rescueToolCalls(parts, tools, onCall, drafting));
  const checked = isLastTry ? tellBrokenCalls(calls) : holdBrokenCalls(calls);
  const answer = cutAtStopSequence(checked, request.stop_sequences ?? []);
  const blocks = new Blocks();
  for await (const event of answer) {
    if (event.type === "end" && event.stopReason === "tool_use" && isAsTemplateHasIt) {
      const whole = blocks.finish();
      if (whole) onWhole(whole, written);
    }
    blocks.add(event);
    yield event;
  }
}

/** The answer as its client will send it back. */
class Blocks {
  private readonly blocks: { text?: string; name?: string; json: string }[] = [];
  private hasThinking = false;

  add(event: GenerationEvent): void {
    const last = this.blocks.at(-1);
    if (event.type === "thinking") this.hasThinking = true;
    else if (event.type === "tool_use_start") this.blocks.push({ name: event.name, json: "" });
    else if (event.type === "tool_use_input" && last) last.json += event.partialJson;
    else if (event.type === "text" && last?.text !== undefined) last.text += event.text;
    else if (event.type === "text") this.blocks.push({ text: event.text, json: "" });
  }

  /** Templates leave earlier thinking out, each in its own way: such an answer is left to them. */
  finish(): WrittenBlock[] | undefined {
    if (this.hasThinking) return undefined;
    return this.blocks.map(({ text, name = "", json }) =>
      text === undefined ? { name, input: JSON.parse(json || "{}") as unknown } : { text },
    );
  }
}
