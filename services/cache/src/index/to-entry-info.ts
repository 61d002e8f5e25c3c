import type { EntryInfo } from "#service-contracts/cache-store.js";
import type { IndexedEntry } from "../entries/entry-facts.js";

export function toEntryInfo({ key, facts, hits }: IndexedEntry): EntryInfo {
  const { storedAt, expires, ...others } = facts;
  return {
    key,
    ...others,
    storedAt: new Date(storedAt).toISOString(),
    expiresAt: new Date(expires).toISOString(),
    hits: hits.count,
    lastHitAt: hits.lastAt === undefined ? null : new Date(hits.lastAt).toISOString(),
  };
}
