import type { PathHash } from "#service-contracts/cache-store.js";
import { splitPathLines } from "./to-path-lines.js";

export interface Difference {
  /** How many parts are equal from the first on. */
  equalPaths: number;
  /** The first part that differs; null when one is the beginning of the other. */
  path: string | null;
}

/** Where a question, as lines of `toPathLines`, leaves another one's way. */
export function findFirstDifference(asked: readonly string[], other: string): Difference {
  const lines = splitPathLines(other);
  let equalPaths = 0;
  while (equalPaths < asked.length && asked[equalPaths] === lines[equalPaths]) equalPaths += 1;
  const line = lines.length > equalPaths ? asked[equalPaths] : undefined;
  return { equalPaths, path: line === undefined ? null : (JSON.parse(line) as PathHash)[0] };
}
