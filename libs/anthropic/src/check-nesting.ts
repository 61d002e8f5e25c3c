import { ApiError } from "./errors.js";

/** How deep objects and lists may stand in each other in a request. */
export const deepestNesting = 500;

/** How deep a tool's input may be to come back in the next request: that, its messages, the message, its content and the block stand around it. */
export const deepestInput = deepestNesting - 5;

/** Deeper ones are too deep for JSON.stringify at some point. @throws ApiError */
export function checkNesting(value: unknown, deepest = deepestNesting): void {
  if (isNestedDeeper(value, deepest)) throw nestedTooDeeply(deepest);
}

/** Whether more objects and lists than these stand in the outermost one. */
export function isNestedDeeper(value: unknown, levels: number): boolean {
  if (value === null || typeof value !== "object") return false;
  if (levels < 0) return true;
  for (const inner of Array.isArray(value) ? (value as unknown[]) : Object.values(value))
    if (isNestedDeeper(inner, levels - 1)) return true;
  return false;
}

export const nestedTooDeeply = (deepest = deepestNesting): ApiError =>
  new ApiError("invalid_request_error", `The request is nested deeper than ${deepest} levels`);
