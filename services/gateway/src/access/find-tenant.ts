import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { ApiError } from "#anthropic/errors.js";
import type { ApiKey } from "./parse-api-keys.js";

/** The tenant of a gateway without keys. */
export const noTenant = "-";

// Claude Code takes every error with "x-api-key" in it for its user not being logged in at Anthropic.

/**
 * The name of the key that a request carries in `x-api-key` or as a Bearer token. Where both come, one valid
 * key is enough. @throws ApiError `authentication_error`
 */
export function findTenant(headers: IncomingHttpHeaders, keys: readonly ApiKey[]): string {
  const presented = presentedKeys(headers);
  if (presented.length === 0)
    throw new ApiError(
      "authentication_error",
      "an API key is required: set ANTHROPIC_AUTH_TOKEN, or send Authorization: Bearer",
    );
  for (const key of presented) {
    const sha256 = createHash("sha256").update(key).digest();
    const known = keys.filter((candidate) => timingSafeEqual(candidate.sha256, sha256));
    if (known[0]) return known[0].name;
  }
  throw new ApiError("authentication_error", "invalid API key: the gateway does not know it");
}

/** Whether one of them is presented. */
export function holdsKey(headers: IncomingHttpHeaders, keys: readonly ApiKey[]): boolean {
  try {
    findTenant(headers, keys);
    return true;
  } catch (error) {
    if (error instanceof ApiError) return false;
    throw error;
  }
}

function presentedKeys({ "x-api-key": apiKey, authorization }: IncomingHttpHeaders): string[] {
  const bearer = /^Bearer\s+(\S+)\s*$/i.exec(authorization ?? "")?.[1];
  return [apiKey, bearer].filter((key): key is string => typeof key === "string" && key !== "");
}
