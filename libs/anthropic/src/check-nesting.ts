import { ApiError } from "./errors.js";

/** How deep objects and lists may stand in each other. */
export const deepestNesting = 500;

/** For what is sent on without its hash. @throws ApiError when the request is nested too deeply */
export function checkNesting(value: unknown, depth = 0): void {
  if (value === null || typeof value !== "object") return;
  if (depth > deepestNesting) throw nestedTooDeeply();
  for (const inner of Array.isArray(value) ? (value as unknown[]) : Object.values(value))
    checkNesting(inner, depth + 1);
}

export const nestedTooDeeply = (): ApiError =>
  new ApiError("invalid_request_error", `The request is nested deeper than ${deepestNesting} levels`);
