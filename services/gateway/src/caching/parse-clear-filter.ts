import { ApiError } from "#anthropic/errors.js";

const known = ["model", "olderThan", "tenant"];

/** Which entries are to go. A name that is misspelt would delete them all. @throws ApiError `invalid_request_error` */
export function parseClearFilter(query: Record<string, unknown>): Record<string, string> {
  for (const [name, value] of Object.entries(query)) {
    if (!known.includes(name))
      throw new ApiError("invalid_request_error", `${name}: is no filter; there are ${known.join(", ")}`);
    if (typeof value !== "string" || value === "")
      throw new ApiError("invalid_request_error", `${name}: must be given once, with a value`);
  }
  return query as Record<string, string>;
}
