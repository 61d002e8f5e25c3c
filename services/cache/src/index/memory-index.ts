import { Injectable } from "@nestjs/common";
import type { IndexedEntry } from "../entries/entry-facts.js";
import { MemoryTier } from "../entries/memory-tier.js";
import { EntryIndex, type IndexBatch } from "./entry-index.js";
import { comparePositions, type Position, positionOf } from "./position.js";

const batchSize = 200;
const keyBatchSize = 2000;

/** The memory tier as an index: what it holds is what there is. */
@Injectable()
export class MemoryIndex extends EntryIndex {
  constructor(private readonly memory: MemoryTier) {
    super();
  }

  async *walk(after?: Position): AsyncGenerator<IndexBatch> {
    const all = this.memory
      .list()
      .sort((one, other) => comparePositions(positionOf(one), positionOf(other)))
      .filter((entry) => !after || comparePositions(after, positionOf(entry)) < 0);
    for (let index = 0; index < all.length; index += batchSize)
      yield { entries: all.slice(index, index + batchSize), unreadable: [] };
  }

  async *walkKeys(): AsyncGenerator<string[]> {
    const keys = this.memory.keys();
    for (let at = 0; at < keys.length; at += keyBatchSize) yield keys.slice(at, at + keyBatchSize);
  }

  async find(key: string): Promise<IndexedEntry | undefined> {
    return this.memory.find(key);
  }

  countHit(key: string, count: number, lastAt: number): void {
    this.memory.countHit(key, count, lastAt);
  }
}
