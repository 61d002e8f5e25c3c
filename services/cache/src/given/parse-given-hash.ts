import { ApiError } from "#anthropic/errors.js";

/** A SHA-256 in hex. @throws ApiError `invalid_request_error` */
export function parseGivenHash(value: unknown): string {
  if (typeof value !== "string" || !/^[0-9a-f]{64}$/i.test(value))
    throw new ApiError("invalid_request_error", "given: must be 64 hexadecimal digits");
  return value.toLowerCase();
}
