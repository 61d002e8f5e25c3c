import type { GenerationEvent } from "../../inference-backend.js";

const openTag = "<think>";
const closeTag = "</think>";

/**
 * Takes the thinking at the beginning of an answer out of its text: `<think>…</think>`, or up to `</think>`
 * where the prompt has opened it already. Blanks around it are dropped; what may be a tag's beginning waits.
 */
export async function* splitThinking(
  events: AsyncIterable<GenerationEvent>,
  isOpen: boolean,
): AsyncGenerator<GenerationEvent> {
  let state: "before" | "thinking" | "behind" | "over" = isOpen ? "thinking" : "before";
  let held = "";
  let isFirst = true;
  for await (const event of events) {
    if (event.type !== "text") {
      if (held !== "" && state === "thinking") yield { type: "thinking", thinking: held };
      else if (held !== "" && state === "before") yield { type: "text", text: held };
      held = "";
      yield event;
      continue;
    }
    held += event.text;
    if (state === "before") {
      const text = held.trimStart();
      if (openTag.startsWith(text) && text !== openTag) continue;
      const hasTag = text.startsWith(openTag);
      state = hasTag ? "thinking" : "over";
      if (hasTag) held = text.slice(openTag.length);
    }
    if (state === "thinking") {
      if (isFirst) held = held.trimStart();
      const end = held.indexOf(closeTag);
      const thinking =
        end === -1 ? held.slice(0, held.length - mayClose(held)) : held.slice(0, end).trimEnd();
      if (thinking !== "") yield { type: "thinking", thinking };
      isFirst &&= thinking === "";
      held = end === -1 ? held.slice(thinking.length) : held.slice(end + closeTag.length);
      if (end === -1) continue;
      state = "behind";
    }
    if (state === "behind") {
      held = held.trimStart();
      if (held === "") continue;
      state = "over";
    }
    if (held !== "") yield { type: "text", text: held };
    held = "";
  }
}

/** How many characters at the end may be blanks before the closing tag and its beginning. */
function mayClose(text: string): number {
  const start = text.lastIndexOf("<");
  const isTag = start !== -1 && closeTag.startsWith(text.slice(start));
  const before = isTag ? text.slice(0, start) : text;
  return text.length - before.trimEnd().length;
}
