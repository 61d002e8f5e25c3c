import { ApiError } from "#anthropic/errors.js";
import type { StopReason } from "#anthropic/messages.js";

/** @throws ApiError where the server gave the answer up, or ended it for a reason that nobody knows */
export function mapFinishReason(reason: string, hasCall: boolean): StopReason {
  switch (reason) {
    case "length":
      return "max_tokens";
    case "stop":
    case "tool_calls":
    case "function_call":
      return hasCall ? "tool_use" : "end_turn";
    case "content_filter":
      return "refusal";
    default:
      throw new ApiError("api_error", `The model server ended its answer with "${reason}"`);
  }
}
