/** Raised with every incompatible change of what stands in Redis. */
const version = 1;

/**
 * The names of everything of ours in Redis. Values of one entry are spread over a cluster; the index's five keys
 * share a tag, so that they stand in one slot and change together.
 */
export const redisNames = {
  entry: (key: string) => `llm-selfhost:entry:${version}:${key}`,
  paths: (key: string) => `llm-selfhost:paths:${version}:${key}`,
  request: (key: string) => `llm-selfhost:request:${version}:${key}`,
  given: (key: string) => `llm-selfhost:given:${version}:${key}`,
  limit: (keyName: string, limit: string) => `llm-selfhost:limit:${version}:${keyName}:${limit}`,
  recent: (hiddenTenant: string) => `llm-selfhost:recent:${version}:${hiddenTenant}`,
  note: (name: string) => `llm-selfhost:note:${version}:${name}`,
  changes: `llm-selfhost:changes:${version}`,
  index: (part: IndexPart) => `llm-selfhost:{index}:${version}:${part}`,
};

/**
 * `stored`, `expiries`: entry keys by time; `facts`: sealed; `hits`, `last-hits`: of those that were hit.
 */
export const indexParts = ["stored", "expiries", "facts", "hits", "last-hits"] as const;
export type IndexPart = (typeof indexParts)[number];
