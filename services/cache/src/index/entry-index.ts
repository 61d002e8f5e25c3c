import type { IndexedEntry } from "../entries/entry-facts.js";
import type { Position } from "./position.js";

/** What is stored, without the answers: in Redis where there is one, else in this process' memory. */
export abstract class EntryIndex {
  /** All that come after a place, newest first, in batches; each batch is read when it is asked for. */
  abstract walk(after?: Position): AsyncIterable<IndexedEntry[]>;
  abstract find(key: string): Promise<IndexedEntry | undefined>;
  /** Costs the hit nothing. `lastAt` in milliseconds since the epoch. */
  abstract countHit(key: string, count: number, lastAt: number): void;
}
