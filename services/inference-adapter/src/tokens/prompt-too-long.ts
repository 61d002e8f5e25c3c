import { ApiError } from "#anthropic/errors.js";

export class PromptTooLongError extends ApiError {}

/** The refusal that makes Claude Code compact its conversation. It reads these words, so they stay as they are. */
export function promptTooLong(tokens: number, maximum: number): PromptTooLongError {
  return new PromptTooLongError(
    "invalid_request_error",
    `prompt is too long: ${tokens} tokens > ${maximum} maximum`,
  );
}
