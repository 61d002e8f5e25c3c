import type { OllamaChatRequest } from "../ollama-wire.js";

/**
 * What the raw path is for: calls. An answer that is to be continued has a way of its own. Images have no text form that all versions share, and a format must not
 * constrain thinking, which only Ollama's own parser tells apart in time.
 */
export function isRawRequest({ messages, tools = [], format }: OllamaChatRequest): boolean {
  if (messages.at(-1)?.role === "assistant") return false;
  return tools.length > 0 && format === undefined && messages.every(({ images = [] }) => images.length === 0);
}
