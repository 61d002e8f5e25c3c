import { ProseContext } from "../../../tool-rescue/prose-context.js";
import type { GenerationEvent } from "../../inference-backend.js";
import { LostCallError } from "../../lost-call.error.js";

const callTag = /<tool_call>|<function=/g;

/**
 * A line of the text that begins as a call, though none was found there: it is broken, or of a tool that is not
 * known. It is held back; where the answer ends without any call it was lost, and another try may get it right. On
 * the last try it passes, and the end tells of it.
 * @throws LostCallError with what was held back, on the first try
 */
export async function* holdBrokenCalls(
  events: AsyncIterable<GenerationEvent>,
  isLastTry: boolean,
): AsyncGenerator<GenerationEvent> {
  const prose = new ProseContext();
  let held = "";
  let isFound = false;
  let hasCall = false;
  for await (const event of events) {
    if (event.type === "text" && !hasCall) {
      const start: number = isFound ? 0 : findCall(event.text, prose);
      isFound ||= start < event.text.length;
      if (isLastTry) {
        yield event;
        continue;
      }
      if (start > 0) yield { type: "text", text: event.text.slice(0, start) };
      held += event.text.slice(start);
      continue;
    }
    hasCall ||= event.type === "tool_use_start";
    if (isLastTry && isFound && !hasCall && event.type === "end") {
      yield { ...event, hasLostCall: true };
      continue;
    }
    if (held !== "" && event.type === "end" && event.stopReason === "end_turn")
      throw new LostCallError("The model wrote a tool call that cannot be read", event, held);
    if (held !== "") yield { type: "text", text: held };
    held = "";
    yield event;
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
