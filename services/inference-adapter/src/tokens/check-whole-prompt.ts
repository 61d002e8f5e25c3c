import { ApiError } from "#anthropic/errors.js";
import type { GenerationEnd } from "../backends/inference-backend.js";
import type { TokenCount } from "./model-counter.js";

export interface PromptCheck {
  count: TokenCount;
  contextLength: number;
  /** The window that the model is loaded with; undefined where that is not known. */
  loadedContextLength: () => Promise<number | undefined>;
  /** Called with what the backend counted. */
  onCounted: (promptTokens: number) => void;
}

/**
 * Compares the tokens that the backend read with those that were sent: an answer to a cut prompt is an error.
 * A smaller number alone proves nothing, because some versions leave cached tokens out; a window smaller than
 * the configured one does. @throws ApiError
 */
export async function checkWholePrompt({ inputTokens }: GenerationEnd, check: PromptCheck): Promise<void> {
  if (inputTokens === undefined) return;
  const { count, contextLength, loadedContextLength, onCounted } = check;
  const isShort = inputTokens < count.tokens * (count.isExact ? 0.99 : 0.7) - 8;
  if (isShort) {
    const loaded = await loadedContextLength().catch(() => undefined);
    if (loaded !== undefined && loaded < contextLength)
      throw new ApiError(
        "api_error",
        `The model read only ${inputTokens} of ${count.tokens} tokens: it is loaded with a window of ${loaded}, not ${contextLength}`,
      );
  } else onCounted(inputTokens);
}
