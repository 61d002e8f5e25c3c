import type { Tool } from "#anthropic/messages.js";

export interface ToolFinder {
  /** Exactly this name. */
  exact(name: string): Tool | undefined;
  /**
   * Also another case (`write`) where only one tool is meant, and a namespace before the name
   * (`functions.Write`, `tool:Write`), which models know from other formats.
   */
  meant(name: string): Tool | undefined;
  /** Whether an exact name may begin so. */
  mayBegin(start: string): boolean;
}

const namespace = /^(?:functions?|tools?|default_api)[.:/]/i;

export function createToolFinder(tools: Tool[]): ToolFinder {
  const byName = new Map(tools.map((tool) => [tool.name, tool]));
  const byLowerName = new Map<string, Tool | undefined>();
  for (const tool of byName.values()) {
    const name = tool.name.toLowerCase();
    byLowerName.set(name, byLowerName.has(name) ? undefined : tool);
  }
  const inAnyCase = (name: string) => byName.get(name) ?? byLowerName.get(name.toLowerCase());
  return {
    exact: (name) => byName.get(name),
    meant: (name) => inAnyCase(name) ?? inAnyCase(name.replace(namespace, "")),
    mayBegin: (start) => tools.some(({ name }) => name.startsWith(start)),
  };
}
