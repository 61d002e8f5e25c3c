import { ApiError } from "#anthropic/errors.js";
import type { PathHash, Store, StoreRequest, StoresRequest } from "#service-contracts/cache-store.js";
import { parseStoredEntry, storedEntryVersion } from "#service-contracts/stored-entry.js";
import { isDateMs } from "./is-date-ms.js";

/** Names go into an index that is held in memory. */
const maxNameLength = 256;

/** @throws ApiError `invalid_request_error` */
export function parseStoreRequest(body: unknown): StoreRequest {
  if (typeof body !== "object" || body === null) throw fault("The request body must be a JSON object");
  const { entry: given, tenant, paths, request } = body as Record<keyof StoreRequest, unknown>;
  const entry = parseStoredEntry(given);
  if (!entry) throw fault(`entry: must be a finished answer of version ${storedEntryVersion}`);
  if (!isName(entry.servedModel)) throw fault(`entry.servedModel: ${nameRule}`);
  if (!isDateMs(entry.storedAt)) throw fault("entry.storedAt: must be a date in milliseconds");
  if (!isAmount(entry.gpuSeconds)) throw fault(`entry.gpuSeconds: ${amountRule}`);
  if (!isAmount(entry.message.usage.input_tokens)) throw fault(`entry.message.usage: ${amountRule}`);
  if (!isName(tenant)) throw fault(`tenant: ${nameRule}`);
  return { entry, tenant, paths: paths === undefined ? undefined : parsePaths(paths), request };
}

/** A gateway sends some dozens at once. */
const mostStores = 1000;

/** Only the list itself is checked. @throws ApiError `invalid_request_error` */
export function parseStoresRequest(body: unknown): Partial<Store>[] {
  const { stores } = (body ?? {}) as Partial<StoresRequest>;
  const isList = Array.isArray(stores) && stores.length <= mostStores;
  if (isList && stores.every((store) => typeof store === "object" && store !== null)) return stores;
  throw fault(`stores: must be a list of at most ${mostStores} objects`);
}

/** @throws ApiError `invalid_request_error` */
export function parsePaths(value: unknown): PathHash[] {
  if (!Array.isArray(value) || !value.every(isPathHash))
    throw fault("paths: must be a list of pairs of texts, path and hash");
  return value;
}

/** @throws ApiError `invalid_request_error` */
export function parseName(field: string, value: unknown): string {
  if (!isName(value)) throw fault(`${field}: ${nameRule}`);
  return value;
}

const nameRule = `must be a text of 1 to ${maxNameLength} characters`;
const amountRule = "must be a number, at least 0";

function isName(value: unknown): value is string {
  return typeof value === "string" && value !== "" && value.length <= maxNameLength;
}

function isAmount(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}

function isPathHash(value: unknown): value is PathHash {
  return Array.isArray(value) && value.length === 2 && value.every((part) => typeof part === "string");
}

function fault(message: string): ApiError {
  return new ApiError("invalid_request_error", message);
}
