import type { GenerationEvent } from "../../inference-backend.js";

/** Templates put blank lines before a call, which are not the text's: blanks wait for what follows them. */
export async function* trimBeforeCalls(
  events: AsyncIterable<GenerationEvent>,
): AsyncGenerator<GenerationEvent> {
  let blanks = "";
  for await (const event of events) {
    if (event.type !== "text") {
      if (blanks !== "" && event.type !== "tool_use_start") yield { type: "text", text: blanks };
      blanks = "";
      yield event;
      continue;
    }
    const text = blanks + event.text;
    const end = text.trimEnd().length;
    blanks = text.slice(end);
    if (end > 0) yield { type: "text", text: text.slice(0, end) };
  }
}
