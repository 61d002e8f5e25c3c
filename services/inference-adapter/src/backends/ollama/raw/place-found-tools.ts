import type { CanonicalMessage } from "#anthropic/canonical-messages.js";
import type { CanonicalRequest } from "#anthropic/canonical-request.js";
import type { ContentBlock, Tool } from "#anthropic/messages.js";

const notice = /^Tool (\S+) is available now\.$/;

/**
 * Tools that Claude Code's tool search has found stand at the end of the list, and each one more shifts the whole
 * prompt behind it. Here they are written where they were found, in the search's result, so that the prompt only
 * grows at its end.
 */
export function placeFoundTools(request: CanonicalRequest): CanonicalRequest {
  const { tools = [], messages } = request;
  const names = foundNames(messages);
  const found = tools.slice(tools.length - names.length);
  if (names.length === 0 || found.some(({ name }, index) => name !== names[index])) return request;
  const unplaced = new Map(found.map((tool) => [tool.name, tool]));
  return {
    ...request,
    tools: tools.slice(0, tools.length - names.length),
    messages: messages.map((message) => ({
      ...message,
      content: message.content.map((block) => place(block, unplaced)),
    })),
  };
}

function place(block: ContentBlock, unplaced: Map<string, Tool>): ContentBlock {
  if (block.type !== "tool_result" || !Array.isArray(block.content)) return block;
  const content = block.content.map((inner) => {
    const name = noticed(inner);
    const tool = name === undefined ? undefined : unplaced.get(name);
    if (!tool || inner.type !== "text") return inner;
    unplaced.delete(tool.name);
    return { ...inner, text: `${inner.text}\n${toText(tool)}` };
  });
  return { ...block, content };
}

/** In the order in which they were found, each once. */
function foundNames(messages: CanonicalMessage[]): string[] {
  const names = new Set<string>();
  for (const { content } of messages)
    for (const block of content)
      if (block.type === "tool_result" && Array.isArray(block.content))
        for (const inner of block.content) {
          const name = noticed(inner);
          if (name !== undefined) names.add(name);
        }
  return [...names];
}

const noticed = (block: ContentBlock): string | undefined =>
  block.type === "text" ? notice.exec(block.text)?.[1] : undefined;

const toText = ({ name, description = "", input_schema: parameters = {} }: Tool): string =>
  JSON.stringify({ type: "function", function: { name, description, parameters } });
