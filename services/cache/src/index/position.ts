import { ApiError } from "#anthropic/errors.js";
import type { IndexedEntry } from "../entries/entry-facts.js";

/** An entry's place in the index, newest first; entries of one millisecond by their key, downwards. */
export interface Position {
  storedAt: number;
  key: string;
}

export function positionOf({ key, facts, indexedAt = facts.storedAt }: IndexedEntry): Position {
  return { storedAt: indexedAt, key };
}

/** For `sort`: negative when `one` comes first. */
export function comparePositions(one: Position, other: Position): number {
  if (one.storedAt !== other.storedAt) return other.storedAt - one.storedAt;
  return one.key === other.key ? 0 : one.key > other.key ? -1 : 1;
}

/** A place stays where it is when entries are added or go: so the cursor of a page is that of its last entry. */
export function encodeCursor({ storedAt, key }: Position): string {
  return `${encodeNumber(storedAt)}.${key}`;
}

/** Without the sign of an exponent, which means a space in a URL. */
function encodeNumber(number: number): string {
  return String(number).replace("+", "");
}

/** Whatever number `encodeCursor` wrote: a damaged index has places of all kinds. @throws ApiError `invalid_request_error` */
export function parseCursor(value: unknown): Position {
  const text = typeof value === "string" ? value : "";
  const [, number, key] = /^([\w.-]{1,30})\.([0-9a-f]{64})$/.exec(text) ?? [];
  const storedAt = Number(number);
  if (key === undefined || Number.isNaN(storedAt) || encodeNumber(storedAt) !== number)
    throw new ApiError("invalid_request_error", "cursor: must be the next_cursor of a page");
  return { storedAt, key };
}
