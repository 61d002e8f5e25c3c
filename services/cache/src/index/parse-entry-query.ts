import { ApiError } from "#anthropic/errors.js";
import type { EntryFilter } from "#service-contracts/entry-filter.js";
import { parseName } from "../entries/parse-store-request.js";
import { type Position, parseCursor } from "./position.js";

const defaultLimit = 50;
const maxLimit = 1000;

export interface PageQuery {
  filter: EntryFilter;
  limit: number;
  after: Position | undefined;
}

/** @throws ApiError `invalid_request_error` */
export function parsePageQuery(query: Record<string, unknown>, now: number): PageQuery {
  const { limit, cursor } = query;
  return {
    filter: parseFilter(query, now),
    limit: limit === undefined ? defaultLimit : parseWhole("limit", limit, 1, maxLimit),
    after: cursor === undefined ? undefined : parseCursor(cursor),
  };
}

/** `olderThan` in seconds before `now`. @throws ApiError `invalid_request_error` */
export function parseFilter({ model, tenant, olderThan }: Record<string, unknown>, now: number): EntryFilter {
  return {
    ...(model !== undefined && { model: parseName("model", model) }),
    ...(tenant !== undefined && { tenant: parseName("tenant", tenant) }),
    ...(olderThan !== undefined && {
      storedBefore: now - parseWhole("olderThan", olderThan, 0, 999_999_999) * 1000,
    }),
  };
}

function parseWhole(field: string, value: unknown, min: number, max: number): number {
  const number = typeof value === "string" && /^\d{1,9}$/.test(value) ? Number(value) : -1;
  if (number < min || number > max)
    throw new ApiError("invalid_request_error", `${field}: must be a whole number from ${min} to ${max}`);
  return number;
}
