import { ApiError } from "#anthropic/errors.js";
import type { GatewayReport } from "#service-contracts/near-copies.js";
import { parseEntryKey } from "#service-contracts/parse-entry-key.js";
import { isDateMs } from "../entries/is-date-ms.js";
import { parseGivenHash } from "../given/parse-given-hash.js";

/** @throws ApiError `invalid_request_error` */
export function parseGatewayReport(body: unknown): GatewayReport {
  if (typeof body !== "object" || body === null) throw fault("The request body must be a JSON object");
  const { reader, hits, given, misses, stores, entries, bytes } = body as Record<string, unknown>;
  return {
    reader: typeof reader === "string" ? reader : undefined,
    hits: parseRows("hits", hits).map(([key, count, lastAt]) => [
      parseEntryKey(key),
      parseAmount("hits", count),
      parseDateMs("hits", lastAt),
    ]),
    given: parseGiven(given),
    misses: parseAmount("misses", misses),
    stores: parseAmount("stores", stores),
    entries: parseAmount("entries", entries),
    bytes: parseAmount("bytes", bytes),
  };
}

function parseRows(field: string, value: unknown): unknown[][] {
  if (!Array.isArray(value) || !value.every(Array.isArray)) throw fault(`${field}: must be a list of lists`);
  return value;
}

/** An answer that was given to no session is left out: there is nothing to mark. */
function parseGiven(value: unknown): GatewayReport["given"] {
  return parseRows("given", value)
    .map(([key, hashes]): [string, string[]] => [parseEntryKey(key), parseHashes(hashes)])
    .filter(([, hashes]) => hashes.length > 0);
}

function parseHashes(value: unknown): string[] {
  if (!Array.isArray(value)) throw fault("given: must be lists of hashes");
  return value.map(parseGivenHash);
}

function parseAmount(field: string, value: unknown): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0)
    throw fault(`${field}: must be whole numbers, at least 0`);
  return value as number;
}

function parseDateMs(field: string, value: unknown): number {
  const ms = parseAmount(field, value);
  if (!isDateMs(ms)) throw fault(`${field}: must have a date in milliseconds`);
  return ms;
}

function fault(message: string): ApiError {
  return new ApiError("invalid_request_error", message);
}
