import type { ContentBlock, MessagesRequest } from "./messages.js";

/** Whether the request names images or documents by their URL, behind which may be something else each time. */
export function hasUrlSource({ messages }: Pick<MessagesRequest, "messages">): boolean {
  return messages.some(({ content }) => typeof content !== "string" && content.some(isByUrl));
}

function isByUrl(block: ContentBlock): boolean {
  if (block.type === "image") return block.source.type === "url";
  if (block.type === "document" && block.source.type !== "content") return block.source.type === "url";
  const inner =
    block.type === "document" && block.source.type === "content"
      ? block.source.content
      : block.type === "tool_result" || block.type === "search_result"
        ? block.content
        : undefined;
  return Array.isArray(inner) && inner.some(isByUrl);
}
