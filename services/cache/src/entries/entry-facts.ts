/** What is known of an entry without its answer. Times are milliseconds since the epoch. */
export interface EntryFacts {
  tenant: string;
  model: string;
  storedAt: number;
  expires: number;
  bytes: number;
  inputTokens: number;
  outputTokens: number;
  gpuSeconds: number;
}

/** How often it was given since it was stored. */
export interface Hits {
  count: number;
  lastAt: number | undefined;
}

export interface IndexedEntry {
  key: string;
  facts: EntryFacts;
  hits: Hits;
  /** Where it stands in the index, if not at `storedAt`: what stands there may be damaged. */
  indexedAt?: number | undefined;
}
