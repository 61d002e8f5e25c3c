import { promptTooLong } from "./prompt-too-long.js";
import type { TokenCount } from "./model-counter.js";

const leastOutputTokens = 2048;
/** An estimate refuses nothing that might fit; the backend refuses it then. */
const estimateMargin = 0.85;

/**
 * The output limit that fits behind a prompt: the one asked for, or what room there is. An estimated prompt
 * lowers nothing: the backend ends an answer at the window by itself.
 * @throws ApiError `invalid_request_error` in the words that make Claude Code compact its conversation
 */
export function fitToWindow(
  { tokens, isExact }: TokenCount,
  contextLength: number,
  maxTokens: number | undefined,
): number | undefined {
  const surely = isExact ? tokens : Math.floor(tokens * estimateMargin);
  if (surely > contextLength) throw promptTooLong(tokens, contextLength);
  const needed = leastRoom(contextLength, maxTokens);
  if (surely > contextLength - needed) throw promptTooLong(tokens, contextLength - needed);
  if (maxTokens === undefined || !isExact) return maxTokens;
  return Math.min(maxTokens, contextLength - tokens);
}

/** An answer needs this much room, or half of a smaller window, or all that was asked for where that is less. */
export function leastRoom(contextLength: number, maxTokens: number | undefined): number {
  return Math.min(leastOutputTokens, Math.floor(contextLength / 2), maxTokens ?? leastOutputTokens);
}
