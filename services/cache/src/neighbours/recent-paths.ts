/** Of so many entries of a tenant the nearest is looked for. */
export const maxNeighbours = 200;

/** The path hashes of a stored question, as lines of `toPathLines`. */
export interface RecentPaths {
  key: string;
  lines: string;
}
