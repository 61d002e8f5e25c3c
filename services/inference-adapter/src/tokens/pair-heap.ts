/**
 * The pairs that may merge, lowest rank first. Ollama's engine leaves the order of equal ranks to its binary
 * heap (emirpasic/gods), and long runs of one character depend on it: so this is the same heap, step by step.
 * llama.cpp takes the leftmost of equal ranks.
 */
export class PairHeap {
  private readonly items: number[] = [];

  private readonly isLeftmostFirst: boolean;
  private readonly ranks: number[];
  private readonly lefts: number[];

  constructor(isLeftmostFirst: boolean, ranks: number[], lefts: number[]) {
    this.isLeftmostFirst = isLeftmostFirst;
    this.ranks = ranks;
    this.lefts = lefts;
  }

  /** Adds the pair of this index. */
  push(pair: number): void {
    let index = this.items.push(pair) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (this.compare(parent, index) <= 0) break;
      this.swap(index, parent);
      index = parent;
    }
  }

  pop(): number | undefined {
    if (this.items.length === 0) return undefined;
    this.swap(0, this.items.length - 1);
    const first = this.items.pop();
    this.sink();
    return first;
  }

  private sink(): void {
    let index = 0;
    for (let left = 1; left < this.items.length; left = 2 * index + 1) {
      const right = left + 1;
      const smaller = right < this.items.length && this.compare(left, right) > 0 ? right : left;
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
