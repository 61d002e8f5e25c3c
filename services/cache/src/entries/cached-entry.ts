import type { EntryFacts } from "./entry-facts.js";

/** An entry between the tiers. */
export interface CachedEntry {
  /** The answer's JSON. */
  text: Buffer;
  facts: EntryFacts;
  /** Beside one that was read in Redis: how long it is there yet, whatever this host's clock says. */
  remainingMs?: number;
  /** Beside a new entry: its question's path hashes, one in a line; see `to-path-lines.ts`. */
  paths?: Buffer;
  /** Beside a new entry, where questions are kept: its question's JSON. */
  request?: Buffer;
}

/** What Keyv hands a tier and wants back. */
export interface StoredValue {
  value: CachedEntry;
  expires: number;
}

const newline = 10;

/** Facts and answer as one value, so that a hit reads one key. */
export function encodeEntry({ facts, text }: CachedEntry): Buffer {
  return Buffer.concat([Buffer.from(`${JSON.stringify(facts)}\n`), text]);
}

/** Of a value that its seal has proved to be ours. */
export function decodeEntry(value: Buffer): CachedEntry {
  const end = value.indexOf(newline);
  const facts = JSON.parse(value.toString("utf8", 0, end)) as EntryFacts;
  return { facts, text: value.subarray(end + 1) };
}
