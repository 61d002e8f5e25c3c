import { ApiError } from "./errors.js";

/** How deep objects and lists may stand in each other in a request. */
export const deepestNesting = 500;

/** Deeper ones are too deep for JSON.stringify at some point. @throws ApiError */
export function checkNesting(value: unknown, deepest = deepestNesting): void {
  checkInner(value, deepest, 0);
}

function checkInner(value: unknown, deepest: number, depth: number): void {
  if (value === null || typeof value !== "object") return;
  if (depth > deepest) throw nestedTooDeeply(deepest);
  for (const inner of Array.isArray(value) ? (value as unknown[]) : Object.values(value))
    checkInner(inner, deepest, depth + 1);
}

export const nestedTooDeeply = (deepest = deepestNesting): ApiError =>
  new ApiError("invalid_request_error", `The request is nested deeper than ${deepest} levels`);
