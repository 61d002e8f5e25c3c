import type { Change } from "./change.js";

/** Beyond so many keys it is easier to let go of everything. */
const maxKeys = 1000;

/** The fewest changes that say the same: what they say is only what to let go of and what may be new, so their order means nothing. */
export function mergeChanges(changes: readonly Change[]): Change[] {
  const keys = new Set(changes.flatMap((change) => ("keys" in change ? change.keys : [])));
  const filters = changes.filter((change) => "filter" in change);
  const isAll = keys.size > maxKeys || filters.some(({ filter }) => Object.keys(filter).length === 0);
  if (isAll) return [{ filter: {} }];
  return [...(keys.size > 0 ? [{ keys: [...keys] }] : []), ...mergeGiven(changes), ...filters];
}

function mergeGiven(changes: readonly Change[]): Change[] {
  const given = changes.flatMap((change) => ("given" in change ? change.given : []));
  if (given.length === 0) return [];
  const keys = new Set(given);
  return [{ given: keys.has("any") || keys.size > maxKeys ? "any" : [...keys] }];
}
