import { ApiError } from "#anthropic/errors.js";
import type { GenerationEnd } from "./inference-backend.js";

/** The model wrote a tool call that the backend could not read and dropped. Another try may get it right. */
export class LostCallError extends ApiError {
  constructor(
    message: string,
    /** How the answer ended without the call, where it ended well otherwise. */
    readonly end?: GenerationEnd,
    /** The call as the model wrote it, where that is known and was not passed on. */
    readonly unread = "",
  ) {
    super("api_error", message);
  }
}
