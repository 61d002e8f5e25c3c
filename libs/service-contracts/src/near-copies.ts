import type { EntryFilter } from "./entry-filter.js";
import type { StoredEntry } from "./stored-entry.js";

// A gateway keeps copies of entries, so that a hit costs no question to the cache service. It may do so while
// it hears what changes; what it did with them it reports.

/** `GET /entries/{key}/copy?given=HASH` at the cache service; refused as `GET /entries/{key}` is. */
export interface EntryCopy {
  entry: StoredEntry;
  /** Null: no copy may be kept, because its end might not be heard of. */
  terms: CopyTerms | null;
}

export interface CopyTerms {
  /** The cache service that gave it: only its own changes keep the copy right. */
  instance: string;
  remaining_ms: number;
  bytes: number;
  /** Which sessions have had the answer, and for how many seconds more that is remembered. */
  given: [hash: string, seconds: number][];
}

/** A line of JSON in the answer to `GET /changes`, which goes on for ever. */
export type ChangeLine =
  /** The first line. `reader` is this reader's name in its reports. */
  | { type: "hello"; instance: string; reader: string }
  /** These entries are stored, have another answer, are deleted, or were given to sessions that are not told. */
  | { type: "changed"; keys: string[] }
  | { type: "all_changed" }
  /** For now it is not known what other cache services store; what is known of entries stays right as long as ever. */
  | { type: "unheard" }
  /** As `all_changed`; a meant answer that is on its way to be stored must not come back either. */
  | { type: "cleared"; filter: EntryFilter }
  /** Sessions that have had an answer whole. */
  | { type: "given"; hashes: string[] }
  /** Every half second: nothing is on its way. */
  | { type: "beat" };

/** `GET /stored-keys` at the cache service: which entries there are; those that come are `changed` in the feed. */
export interface StoredKeysAnswer {
  /** The cache service that says so. */
  instance: string;
  /** A `KeyFilter` in base64. */
  filter: string;
}

/** The body of `POST /reports`: what a gateway did since its last report. */
export interface GatewayReport {
  /** Not told of what it reports. */
  reader?: string | undefined;
  /** How often its copies were given, and when last, in milliseconds since the epoch. */
  hits: [key: string, count: number, lastAt: number][];
  /** Lookups that found no copy. */
  misses: number;
  stores: number;
  /** Sessions that have had answers whole, by answer. */
  given: [key: string, hashes: string[]][];
  /** What it holds now. */
  entries: number;
  bytes: number;
}
