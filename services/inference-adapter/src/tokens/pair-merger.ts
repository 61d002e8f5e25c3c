import { PairHeap } from "./pair-heap.js";

/** Which pairs of neighbours merge. */
export interface Merges {
  /** Names the merge of a pair; negative where it never merges. */
  find(left: number, right: number): number;
  /** The lowest merge first. */
  rank(merge: number): number;
  result(merge: number): number;
}

/** A symbol that was merged into the one before it. */
export const gone = -1;
/** A character that the vocabulary does not have. */
export const unknown = -2;

/** Most pieces are words. */
const keptCapacity = 1024;

/** Merges neighbours, lowest rank first, until none can be merged: byte pair encoding and SentencePiece alike. */
export class PairMerger {
  private readonly merges: Merges;
  private readonly isLeftmostFirst: boolean;
  private readonly kept: Space;

  constructor(merges: Merges, isLeftmostFirst: boolean) {
    this.merges = merges;
    this.isLeftmostFirst = isLeftmostFirst;
    this.kept = new Space(keptCapacity, isLeftmostFirst);
  }

  /** Changes `symbols`: those that were merged into the one before become `gone`. */
  merge(symbols: Int32Array): void {
    const { length } = symbols;
    const space = length <= keptCapacity ? this.kept : new Space(length, this.isLeftmostFirst);
    space.clear(length);
    for (let index = 0; index < length - 1; index++) this.offer(space, symbols, index, index + 1);
    const { heap, lefts, rights, leftSymbols, rightSymbols, found, previous, next } = space;
    for (let pair = heap.pop(); pair !== undefined; pair = heap.pop()) {
      const left = lefts[pair]!;
      const right = rights[pair]!;
      if (symbols[left] !== leftSymbols[pair] || symbols[right] !== rightSymbols[pair]) continue;
      symbols[left] = this.merges.result(found[pair]!);
      symbols[right] = gone;
      const after = next[right]!;
      next[left] = after;
      if (after < length) previous[after] = left;
      this.offer(space, symbols, previous[left]!, left);
      this.offer(space, symbols, left, after);
    }
  }

  private offer(space: Space, symbols: Int32Array, left: number, right: number): void {
    if (left < 0 || right >= symbols.length) return;
    const leftSymbol = symbols[left]!;
    const rightSymbol = symbols[right]!;
    const merge = this.merges.find(leftSymbol, rightSymbol);
    if (merge < 0) return;
    const pair = space.pairs++;
    space.ranks[pair] = this.merges.rank(merge);
    space.lefts[pair] = left;
    space.rights[pair] = right;
    space.leftSymbols[pair] = leftSymbol;
    space.rightSymbols[pair] = rightSymbol;
    space.found[pair] = merge;
    space.heap.push(pair);
  }
}

/** What merging a piece takes, outside of the heap that V8 limits: about 100 bytes a symbol. */
class Space {
  readonly previous: Int32Array;
  readonly next: Int32Array;
  pairs = 0;
  readonly ranks: Float64Array;
  readonly lefts: Int32Array;
  readonly rights: Int32Array;
  readonly leftSymbols: Int32Array;
  readonly rightSymbols: Int32Array;
  readonly found: Int32Array;
  readonly heap: PairHeap;

  constructor(symbols: number, isLeftmostFirst: boolean) {
    this.previous = new Int32Array(symbols);
    this.next = new Int32Array(symbols);
    // Each pair of neighbours, and two more for each merge, of which there are fewer than symbols.
    const pairs = 3 * symbols;
    this.ranks = new Float64Array(pairs);
    this.lefts = new Int32Array(pairs);
    this.rights = new Int32Array(pairs);
    this.leftSymbols = new Int32Array(pairs);
    this.rightSymbols = new Int32Array(pairs);
    this.found = new Int32Array(pairs);
    this.heap = new PairHeap(this.ranks, this.lefts, isLeftmostFirst);
  }

  clear(symbols: number): void {
    this.pairs = 0;
    for (let index = 0; index < symbols; index++) {
      this.previous[index] = index - 1;
      this.next[index] = index + 1;
    }
  }
}
