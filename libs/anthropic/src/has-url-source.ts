import type { ContentBlock, MessagesRequest } from "./messages.js";

type Conversation = Pick<MessagesRequest, "messages">;

/** Whether the request names images or documents by their URL, behind which may be something else each time. */
export function hasUrlSource(request: Conversation): boolean {
  return someBlock(request, isByUrl);
}

/** Whether it brings along what takes long to be read: by a URL, or as a PDF. */
export function hasSlowSource(request: Conversation): boolean {
  return someBlock(request, (block) => isByUrl(block) || isFile(block));
}

function isByUrl(block: ContentBlock): boolean {
  if (block.type !== "image" && block.type !== "document") return false;
  return block.source.type === "url";
}

const isFile = (block: ContentBlock): boolean => block.type === "document" && block.source.type === "base64";

function someBlock({ messages }: Conversation, isMeant: (block: ContentBlock) => boolean): boolean {
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
