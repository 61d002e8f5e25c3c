import type { OllamaChatChunk } from "./ollama-wire.js";

/** Neighbouring lines that tell nothing but more text → one line, the first of them, which is changed for that. */
export function mergeTexts<Chunk extends OllamaChatChunk>(lines: readonly Chunk[]): Chunk[] {
  const merged: Chunk[] = [];
  for (const line of lines) {
    const last = merged.at(-1);
    if (!last || !isOnlyText(last) || !isOnlyText(line) || isRaw(last) !== isRaw(line)) merged.push(line);
    else if (isRaw(line)) last.response = `${last.response}${line.response}`;
    else if (last.message) last.message.content = `${last.message.content}${line.message?.content}`;
  }
  return merged;
}

const isRaw = ({ response }: OllamaChatChunk): boolean => response !== undefined;

function isOnlyText({ message, response, done, error }: OllamaChatChunk): boolean {
  if (done !== false || error !== undefined) return false;
  if (response !== undefined) return typeof response === "string" && message === undefined;
  return (
    typeof message?.content === "string" && message.thinking === undefined && message.tool_calls === undefined
  );
}
