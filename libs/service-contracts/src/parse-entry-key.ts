import { ApiError } from "#anthropic/errors.js";

/** A SHA-256 in hex. @throws ApiError `invalid_request_error` */
export function parseEntryKey(text: unknown): string {
  if (typeof text !== "string" || !/^[0-9a-f]{64}$/i.test(text))
    throw new ApiError("invalid_request_error", "key: must be 64 hexadecimal digits");
  return text.toLowerCase();
}
