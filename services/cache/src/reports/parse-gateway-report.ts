import { ApiError } from "#anthropic/errors.js";
import type { GatewayReport } from "#service-contracts/near-copies.js";
import { parseEntryKey } from "#service-contracts/parse-entry-key.js";
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
      parseAmount("hits", lastAt),
    ]),
    given: parseRows("given", given).map(([key, hashes]) => [parseEntryKey(key), parseHashes(hashes)]),
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

function parseHashes(value: unknown): string[] {
  if (!Array.isArray(value)) throw fault("given: must be lists of hashes");
  return value.map(parseGivenHash);
}

function parseAmount(field: string, value: unknown): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0)
    throw fault(`${field}: must be whole numbers, at least 0`);
  return value as number;
}

function fault(message: string): ApiError {
  return new ApiError("invalid_request_error", message);
}
