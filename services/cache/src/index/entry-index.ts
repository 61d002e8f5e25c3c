import type { IndexedEntry } from "../entries/entry-facts.js";
import type { Position } from "./position.js";

export interface IndexBatch {
  entries: IndexedEntry[];
  /** Keys of entries of which nothing else can be read here: their facts are damaged, or sealed with another key. */
  unreadable: string[];
}

/** What is stored, without the answers: in Redis where there is one, else in this process' memory. */
export abstract class EntryIndex {
  /** All that come after a place, newest first, in batches; each batch is read when it is asked for. */
  abstract walk(after?: Position): AsyncIterable<IndexBatch>;
  /** The keys of all, in batches. */
  abstract walkKeys(): AsyncIterable<string[]>;
  abstract find(key: string): Promise<IndexedEntry | undefined>;
  /** Costs the hit nothing. `lastAt` in milliseconds since the epoch. */
  abstract countHit(key: string, count: number, lastAt: number): void;
}
