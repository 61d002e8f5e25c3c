import { ProseContext } from "../../../tool-rescue/prose-context.js";
import type { GenerationEvent } from "../../inference-backend.js";
import { LostCallError } from "../../lost-call.error.js";

const callTag = /<tool_call>|<function=/g;

/**
 * A line of the text that begins as a call, though none was found there: it is broken, or of a tool that is not
 * known. It is held back; where the answer ends without any call it was lost, and another try may get it right.
 * @throws LostCallError with what was held back
 */
export async function* holdBrokenCalls(
  events: AsyncIterable<GenerationEvent>,
): AsyncGenerator<GenerationEvent> {
  const prose = new ProseContext();
  let held = "";
  let hasCall = false;
  for await (const event of events) {
    if (event.type === "text" && !hasCall) {
      const start = held === "" ? findCall(event.text, prose) : 0;
      if (start > 0) yield { type: "text", text: event.text.slice(0, start) };
      held += event.text.slice(start);
      continue;
    }
    hasCall ||= event.type === "tool_use_start";
    if (held !== "" && event.type === "end" && event.stopReason === "end_turn")
      throw new LostCallError("The model wrote a tool call that cannot be read", event, held);
    if (held !== "") yield { type: "text", text: held };
    held = "";
    yield event;
  }
}

/** On the last try such a line passes, and the end tells of it. */
export async function* tellBrokenCalls(
  events: AsyncIterable<GenerationEvent>,
): AsyncGenerator<GenerationEvent> {
  const prose = new ProseContext();
  let isFound = false;
  let hasCall = false;
  for await (const event of events) {
    if (event.type === "text" && !hasCall) isFound ||= findCall(event.text, prose) < event.text.length;
    hasCall ||= event.type === "tool_use_start";
    yield event.type === "end" && isFound && !hasCall ? { ...event, hasLostCall: true } : event;
  }
}

/** Where a line begins with a call's tag, outside of code; else the text's length. */
function findCall(text: string, prose: ProseContext): number {
  let read = 0;
  for (const { index } of text.matchAll(callTag)) {
    prose.read(text.slice(read, index));
    read = index;
    if (prose.allowsCall && !prose.isMidLine) return index;
  }
  prose.read(text.slice(read));
  return text.length;
}
