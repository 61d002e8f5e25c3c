/**
 * Hashes, each until a time of its own, in a bounded number: when there are too many, those that were noted
 * first are let go of, half of all.
 */
export class RecentMarks {
  private young = new Map<string, number>();
  private old = new Map<string, number>();

  constructor(private readonly maxMarks: number) {}

  has(hash: string, now: number): boolean {
    return (this.young.get(hash) ?? this.old.get(hash) ?? -Infinity) > now;
  }

  /** @returns true when others were let go of for it */
  add(hash: string, until: number): boolean {
    this.young.set(hash, until);
    if (this.young.size < this.maxMarks / 2) return false;
    const isFull = this.old.size > 0;
    this.old = this.young;
    this.young = new Map();
    return isFull;
  }
}
