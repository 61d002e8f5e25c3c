import type { ContentBlock, MessagesRequest } from "./messages.js";

export type Conversation = Pick<MessagesRequest, "messages">;

/** Whether a block of the conversation is meant, be it inside another one. */
export function someBlock({ messages }: Conversation, isMeant: (block: ContentBlock) => boolean): boolean {
  const isIn = (block: ContentBlock): boolean => {
    if (isMeant(block)) return true;
    const inner = innerContent(block);
    return Array.isArray(inner) && inner.some(isIn);
  };
  return messages.some(({ content }) => typeof content !== "string" && content.some(isIn));
}

function innerContent(block: ContentBlock): string | ContentBlock[] | undefined {
  if (block.type === "tool_result" || block.type === "search_result") return block.content;
  return block.type === "document" && block.source.type === "content" ? block.source.content : undefined;
}
