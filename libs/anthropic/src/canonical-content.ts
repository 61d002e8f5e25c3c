import type { ContentBlock } from "./messages.js";

/**
 * Without the caching hint and without null members, for null is absent. Only at the object itself: what stands
 * inside a tool's input or schema belongs to the model.
 */
export function bare<T extends object>(object: T): T {
  const isDropped = (name: string) => object[name as keyof T] === null || name === "cache_control";
  if (!Object.keys(object).some(isDropped)) return object;
  return Object.fromEntries(Object.entries(object).filter(([name]) => !isDropped(name))) as T;
}

/** A text is a block, an empty one is none; what other blocks hold is in canonical form too. */
export function toCanonicalContent(content: string | ContentBlock[]): ContentBlock[] {
  if (typeof content === "string") return content === "" ? [] : [{ type: "text", text: content }];
  const kept: ContentBlock[] = [];
  for (const block of content) {
    const canonical = toCanonicalBlock(block);
    if (canonical.type !== "text" || canonical.text !== "") kept.push(canonical);
  }
  return kept;
}

function toCanonicalBlock(block: ContentBlock): ContentBlock {
  const kept = bare(block);
  if (kept.type === "tool_reference") {
    const { tool_name, ...rest } = kept;
    return { ...rest, type: "text", text: `Tool ${tool_name} is available now.` };
  }
  // The summary that stands for what was said before it.
  if (kept.type === "compaction") {
    const { content, ...rest } = kept;
    return { ...rest, type: "text", text: content ?? "" };
  }
  if (kept.type === "tool_result") {
    const { is_error, content, ...rest } = kept;
    return { ...rest, ...(is_error ? { is_error } : {}), content: toCanonicalContent(content ?? []) };
  }
  if (kept.type === "search_result") return { ...kept, content: toCanonicalContent(kept.content ?? []) };
  if (kept.type === "document" && kept.source.type === "content")
    return { ...kept, source: { ...kept.source, content: toCanonicalContent(kept.source.content) } };
  return kept;
}
