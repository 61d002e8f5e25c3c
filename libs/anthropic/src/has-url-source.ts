import type { ContentBlock } from "./messages.js";
import { type Conversation, someBlock } from "./some-block.js";

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
