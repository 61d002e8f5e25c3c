import { ApiError } from "#anthropic/errors.js";

/** The backend cannot constrain an answer by this schema; nothing was generated. Without one it may well answer. */
export class UnsupportedSchemaError extends ApiError {
  constructor(message: string) {
    super("invalid_request_error", message);
  }
}
