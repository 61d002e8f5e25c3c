const isFree = -1;

/** Pair of token ids → rank and the id that they merge to. Flat arrays: 151,000 merges take 8 MB. */
export class MergeTable {
  private readonly mask: number;
  private readonly lefts: Int32Array;
  private readonly rights: Int32Array;
  private readonly ranks: Int32Array;
  private readonly results: Int32Array;

  constructor(merges: string[], ids: ReadonlyMap<string, number>) {
    const size = 2 ** Math.ceil(Math.log2(Math.max(merges.length, 8) * 1.5));
    this.mask = size - 1;
    this.lefts = new Int32Array(size).fill(isFree);
    this.rights = new Int32Array(size);
    this.ranks = new Int32Array(size);
    this.results = new Int32Array(size);
    for (let rank = 0; rank < merges.length; rank++) this.add(merges[rank]!, rank, ids);
  }

  /** Where the pair is, to ask for its rank and result; negative when it never merges. */
  find(left: number, right: number): number {
    const place = this.place(left, right);
    return this.lefts[place] === isFree ? -1 : place;
  }

  rank(place: number): number {
    return this.ranks[place]!;
  }

  result(place: number): number {
    return this.results[place]!;
  }

  private add(merge: string, rank: number, ids: ReadonlyMap<string, number>): void {
    const space = merge.indexOf(" ", 1);
    const left = ids.get(merge.slice(0, space));
    const right = ids.get(merge.slice(space + 1));
    const result = ids.get(merge.slice(0, space) + merge.slice(space + 1));
    if (left === undefined || right === undefined || result === undefined) return;
    const place = this.place(left, right);
    if (this.lefts[place] !== isFree) return;
    this.lefts[place] = left;
    this.rights[place] = right;
    this.ranks[place] = rank;
    this.results[place] = result;
  }

  private place(left: number, right: number): number {
    let place = (Math.imul(left, 0x9e3779b1) ^ Math.imul(right, 0x85ebca6b)) >>> 0;
    place = (place ^ (place >>> 15)) & this.mask;
    while (this.lefts[place] !== isFree && (this.lefts[place] !== left || this.rights[place] !== right))
      place = (place + 1) & this.mask;
    return place;
  }
}
