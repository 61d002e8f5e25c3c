import { ApiError } from "#anthropic/errors.js";

/** @throws ApiError `invalid_request_error` */
export function parseTtlSeconds(value: unknown, maxSeconds: number): number {
  const seconds = typeof value === "string" && /^\d{1,9}$/.test(value) ? Number(value) : 0;
  if (seconds < 1 || seconds > maxSeconds)
    throw new ApiError("invalid_request_error", `ttl: must be a whole number from 1 to ${maxSeconds}`);
  return seconds;
}
