import { leastRoom } from "../../tokens/fit-to-window.js";
import type { ContextOverflow } from "./parse-context-overflow.js";

/** An estimate that is this much too low does not matter. */
const estimateMargin = 1.2;

/**
 * vLLM and SGLang refuse a prompt whose `max_tokens` do not fit behind it. Their refusal tells the prompt's length,
 * or that it is at least so long: the answer may have what room there is then, at last the least that makes sense.
 * Undefined where the prompt itself does not fit. Each room is smaller than the one before it.
 */
export function toRoom(
  { promptTokens, contextLength, isAtLeast }: ContextOverflow,
  maxTokens: number | undefined,
  servedLength: number,
  estimatedTokens: number,
): number | undefined {
  if (promptTokens === undefined || maxTokens === undefined) return undefined;
  const window = contextLength ?? servedLength;
  const least = leastRoom(window, maxTokens);
  if (!isAtLeast) {
    // SGLang leaves the last place of the window free.
    const room = window - promptTokens - 1;
    return room >= least && room < maxTokens ? room : undefined;
  }
  if (promptTokens >= window) return undefined;
  const likely = window - Math.ceil(estimatedTokens * estimateMargin);
  if (likely >= least && likely < maxTokens) return likely;
  return least < maxTokens ? least : undefined;
}
