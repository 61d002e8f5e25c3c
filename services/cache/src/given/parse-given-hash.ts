import { ApiError } from "#anthropic/errors.js";

/** 128 bits in hex: which session had which answer. @throws ApiError `invalid_request_error` */
export function parseGivenHash(value: unknown): string {
  if (typeof value !== "string" || !/^[0-9a-f]{32}$/i.test(value))
    throw new ApiError("invalid_request_error", "given: must be 32 hexadecimal digits");
  return value.toLowerCase();
}
