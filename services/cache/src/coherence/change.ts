import type { EntryFilter } from "#service-contracts/entry-filter.js";

/**
 * What became of entries: copies of `keys` and `filter` are to be let go of, and `keys` may be new, `given` were given
 * to further sessions, which are not named. `{ filter: {} }`: all of them. `{ keys: [] }`: nothing.
 */
export type Change = { keys: string[] } | { given: string[] | "any" } | { filter: EntryFilter };

/** Of a value that its seal has proved to be ours. */
export function decodeChange(value: Buffer): Change {
  return JSON.parse(value.toString()) as Change;
}

export function encodeChange(change: Change): Buffer {
  return Buffer.from(JSON.stringify(change));
}
