import type { Store } from "#service-contracts/cache-store.js";
import type { CopyTerms } from "#service-contracts/near-copies.js";

/** What was found; nothing of it is checked yet. */
export interface FoundEntry {
  entry?: unknown;
  /** On what terms a copy may be kept. */
  terms?: CopyTerms | null;
}

/** The cache service's entries, as a gateway asks for them: over HTTP, or in its own process. It never throws. */
export interface EntryStore {
  /**
   * "given": the session of `givenHash` has had it. Undefined: there is none, or nobody can tell. `isForCopy`: a copy
   * is wanted, with its terms.
   */
  find(
    key: string,
    givenHash: string | undefined,
    isForCopy: boolean,
  ): Promise<FoundEntry | "given" | undefined>;
  /** Waits while nothing could be stored, for some seconds at most. */
  untilReachable(signal: AbortSignal): Promise<void>;
  /** @returns for each whether it was stored */
  put(stores: readonly Store[]): Promise<boolean[]>;
}

export const ENTRY_STORE = Symbol("ENTRY_STORE");
