/**
 * The pairs that may merge, lowest rank first. Ollama's engine leaves the order of equal ranks to its binary
 * heap (emirpasic/gods), and long runs of one character depend on it: so this is the same heap, step by step.
 * llama.cpp takes the leftmost of equal ranks.
 */
export class PairHeap {
  private readonly items: Int32Array;
  private size = 0;

  private readonly ranks: Float64Array;
  private readonly lefts: Int32Array;
  private readonly isLeftmostFirst: boolean;

  constructor(ranks: Float64Array, lefts: Int32Array, isLeftmostFirst: boolean) {
    this.items = new Int32Array(ranks.length);
    this.ranks = ranks;
    this.lefts = lefts;
    this.isLeftmostFirst = isLeftmostFirst;
  }

  /** Adds the pair of this index. */
  push(pair: number): void {
    let index = this.size++;
    this.items[index] = pair;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (this.compare(parent, index) <= 0) break;
      this.swap(index, parent);
      index = parent;
    }
  }

  pop(): number | undefined {
    if (this.size === 0) return undefined;
    this.swap(0, --this.size);
    this.sink();
    return this.items[this.size];
  }

  private sink(): void {
    let index = 0;
    for (let left = 1; left < this.size; left = 2 * index + 1) {
      const right = left + 1;
      const smaller = right < this.size && this.compare(left, right) > 0 ? right : left;
      if (this.compare(index, smaller) <= 0) break;
      this.swap(index, smaller);
      index = smaller;
    }
  }

  private compare(a: number, b: number): number {
    const first = this.items[a]!;
    const second = this.items[b]!;
    const byRank = this.ranks[first]! - this.ranks[second]!;
    return byRank === 0 && this.isLeftmostFirst ? this.lefts[first]! - this.lefts[second]! : byRank;
  }

  private swap(a: number, b: number): void {
    const item = this.items[a]!;
    this.items[a] = this.items[b]!;
    this.items[b] = item;
  }
}
