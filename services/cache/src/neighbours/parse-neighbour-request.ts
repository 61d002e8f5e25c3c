import { ApiError } from "#anthropic/errors.js";
import type { NeighbourRequest } from "#service-contracts/cache-store.js";
import { parseEntryKey } from "#service-contracts/parse-entry-key.js";
import { parseName, parsePaths } from "../entries/parse-store-request.js";

/** @throws ApiError `invalid_request_error` */
export function parseNeighbourRequest(body: unknown): NeighbourRequest {
  if (typeof body !== "object" || body === null)
    throw new ApiError("invalid_request_error", "The request body must be a JSON object");
  const { tenant, paths, except } = body as Record<keyof NeighbourRequest, unknown>;
  return {
    tenant: parseName("tenant", tenant),
    paths: parsePaths(paths),
    except: except === undefined ? undefined : parseEntryKey(except),
  };
}
