import type { ErrorType } from "#anthropic/errors.js";

/**
 * What these statuses mean from every model server, and from a proxy before it: 429 is no limit of the client's own.
 * Undefined for the others.
 */
export function mapStatus(status: number): ErrorType | undefined {
  if (status === 413) return "request_too_large";
  return status === 429 || status === 503 ? "overloaded_error" : undefined;
}
