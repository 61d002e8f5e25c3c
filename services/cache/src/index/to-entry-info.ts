import type { EntryInfo } from "#service-contracts/cache-store.js";
import type { IndexedEntry } from "../entries/entry-facts.js";
import { isDateMs } from "../entries/is-date-ms.js";

export function toEntryInfo({ key, facts, hits }: IndexedEntry): EntryInfo {
  const { storedAt, expires, ...others } = facts;
  return {
    key,
    ...others,
    storedAt: toDateText(storedAt),
    expiresAt: toDateText(expires),
    hits: hits.count,
    lastHitAt: hits.lastAt === undefined ? null : toDateText(hits.lastAt),
  };
}

/** What is no date, as may stand in Redis, is shown as the epoch: one entry must not cost the whole page. */
function toDateText(ms: number): string {
  return new Date(isDateMs(ms) ? ms : 0).toISOString();
}
