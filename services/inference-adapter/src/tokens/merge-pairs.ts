import { PairHeap } from "./pair-heap.js";

/** Which rank a pair of neighbours has (the lowest merges first) and what it becomes; undefined: never. */
export type RankPair = (left: number, right: number) => { rank: number; result: number } | undefined;

/**
 * Merges neighbours, lowest rank first, until none can be merged: byte pair encoding and SentencePiece alike.
 * Changes `symbols`: a symbol that was merged into the one before it becomes `gone`.
 */
export function mergePairs(symbols: number[], rankPair: RankPair, isLeftmostFirst: boolean): void {
  const previous = symbols.map((_, index) => index - 1);
  const next = symbols.map((_, index) => index + 1);
  const ranks: number[] = [];
  const lefts: number[] = [];
  const pairs: { right: number; leftSymbol: number; rightSymbol: number; result: number }[] = [];
  const heap = new PairHeap(isLeftmostFirst, ranks, lefts);
  const offer = (left: number, right: number) => {
    if (left < 0 || right >= symbols.length) return;
    const [leftSymbol, rightSymbol] = [symbols[left]!, symbols[right]!];
    const found = rankPair(leftSymbol, rightSymbol);
    if (!found) return;
    ranks.push(found.rank);
    lefts.push(left);
    heap.push(pairs.push({ right, leftSymbol, rightSymbol, result: found.result }) - 1);
  };
  for (let index = 0; index < symbols.length - 1; index++) offer(index, index + 1);
  for (let top = heap.pop(); top !== undefined; top = heap.pop()) {
    const { right, leftSymbol, rightSymbol, result } = pairs[top]!;
    const left = lefts[top]!;
    if (symbols[left] !== leftSymbol || symbols[right] !== rightSymbol) continue;
    symbols[left] = result;
    symbols[right] = gone;
    const after = next[right]!;
    next[left] = after;
    if (after < symbols.length) previous[after] = left;
    offer(previous[left]!, left);
    offer(left, after);
  }
}

export const gone = -1;
/** A character that the vocabulary does not have. */
export const unknown = -2;
