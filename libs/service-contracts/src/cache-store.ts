import type { StoredEntry } from "./stored-entry.js";

/** The body of `PUT /entries/{key}?ttl=SECONDS` at the cache service. */
export interface StoreRequest {
  entry: StoredEntry;
  /** Who may read it: the name of the verified key, `-` where there are none. */
  tenant: string;
  /** Keyed hashes of the question's parts in their order, for saying why another question missed. */
  paths?: PathHash[];
  /** The question itself, only with `CACHE_STORE_PROMPTS=true`. */
  request?: unknown;
}

/** An answer that is to stand under a key. */
export interface Store {
  key: string;
  ttlSeconds: number;
  request: StoreRequest;
}

/** The body of `POST /entries`: several at once. Each stands for itself, one that cannot be stored stops no other. */
export interface StoresRequest {
  stores: Store[];
}

/** Its answer: for each, in order, whether it was stored. */
export interface StoreAnswer {
  stored: boolean[];
}

/** A part of a canonical request, such as `system[2].text`, and the keyed hash of what stands there. */
export type PathHash = [path: string, hash: string];

/** `GET /entries` and `GET /entries/{key}/info`: an entry without its answer. */
export interface EntryInfo {
  key: string;
  tenant: string;
  model: string;
  /** RFC 3339. */
  storedAt: string;
  expiresAt: string;
  bytes: number;
  hits: number;
  lastHitAt: string | null;
  inputTokens: number;
  outputTokens: number;
  gpuSeconds: number;
}

/** `GET /entries/{key}/info`: with the answer, and the question where it was stored. */
export interface EntryDetails extends EntryInfo {
  entry: StoredEntry;
  request?: unknown;
}

/** `GET /entries?limit=&cursor=&model=&tenant=`, newest first. */
export interface EntryPage {
  data: EntryInfo[];
  /** Hand it back as `cursor` for the next page; null at the end. */
  next_cursor: string | null;
}

/** `DELETE /entries?model=&olderThan=SECONDS&tenant=`. */
export interface DeletedEntries {
  deleted: number;
}

export interface TierStats {
  entries: number;
  bytes: number;
  hits: number;
  misses: number;
  stores: number;
  errors: number;
  /** Hits / (hits + misses); null before the first lookup. */
  hit_ratio: number | null;
}

/** `GET /stats`. Counts are of this process's life, entries and bytes of now. */
export interface CacheStats {
  redis: "none" | "connecting" | "up" | "down";
  tiers: Record<string, TierStats>;
  /** Of the stored entries, by the model that answered. */
  models: Record<
    string,
    { entries: number; bytes: number; hits: number; saved_tokens: number; saved_gpu_seconds: number }
  >;
}

/** The body of `POST /neighbours`: which stored question of the tenant is nearest to this one. */
export interface NeighbourRequest {
  tenant: string;
  paths: PathHash[];
  /** Not this one: the question itself may be stored by now. */
  except?: string;
}

export interface Neighbour {
  key: string;
  /** How many parts are equal from the first on. */
  equal_paths: number;
  /** The first part that differs; null when one question is the beginning of the other. */
  first_difference: string | null;
}
