import type { ContentBlock, DocumentBlock } from "#anthropic/messages.js";

/** A document whose content is at hand, as the model is shown it: in the tags that models know for this. */
export function toDocumentBlocks(
  { title, context }: Pick<DocumentBlock, "title" | "context">,
  content: ContentBlock[],
): ContentBlock[] {
  const heads = [
    ...(title ? [`<title>${title}</title>`] : []),
    ...(context ? [`<context>${context}</context>`] : []),
  ];
  return wrap(["<document>", ...heads].join("\n"), content, "</document>");
}

/** Text stays one block with its tags, so that nothing but new lines stands between. */
function wrap(start: string, content: ContentBlock[], end: string): ContentBlock[] {
  const wrapped: ContentBlock[] = [];
  for (const block of [toText(start), ...content, toText(end)]) {
    const last = wrapped.at(-1);
    if (block.type === "text" && last?.type === "text") last.text += `\n${block.text}`;
    else wrapped.push(block.type === "text" ? { ...block } : block);
  }
  return wrapped;
}

export const toPagesText = (pages: string[]): string =>
  pages.map((text, index) => `[Page ${index + 1} of ${pages.length}]\n${text}`).join("\n\n");

const toText = (text: string): ContentBlock => ({ type: "text", text });
