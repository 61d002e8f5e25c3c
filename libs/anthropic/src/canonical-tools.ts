import { bare } from "./canonical-content.js";
import { withDefinition } from "./known-tools.js";
import type { InputMessage, Tool } from "./messages.js";

/**
 * Tools found by Claude Code's tool search join the list at their alphabetical place, which would shift the
 * whole prompt: they go behind the others, in the order in which they were found.
 */
export function toCanonicalTools(tools: Tool[], messages: InputMessage[]): Tool[] {
  if (tools.length === 0) return [];
  const found = foundTools(messages);
  const rank = ({ name, defer_loading }: Tool): number =>
    defer_loading ? (found.get(name) ?? found.size) : -1;
  return tools
    .filter(({ name }) => name !== "DeferredToolPlaceholder")
    .map((tool) => ({ tool, rank: rank(tool) }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ tool }) => toCanonicalTool(bare(tool)));
}

/** `eager_input_streaming` says how an input is streamed, as `stream` does of the answer. */
function toCanonicalTool({ defer_loading: _deferred, eager_input_streaming: _eager, ...tool }: Tool): Tool {
  if (tool.type === "custom") delete tool.type;
  if (tool.strict === false) delete tool.strict;
  return withDefinition(tool);
}

/** The tools that tool results refer to, each with its place in the order in which they were found. */
function foundTools(messages: InputMessage[]): Map<string, number> {
  const found = new Map<string, number>();
  for (const { content } of messages)
    for (const block of typeof content === "string" ? [] : content)
      if (block.type === "tool_result" && Array.isArray(block.content))
        for (const inner of block.content)
          if (inner.type === "tool_reference" && !found.has(inner.tool_name))
            found.set(inner.tool_name, found.size);
  return found;
}
