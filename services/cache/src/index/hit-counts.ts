import { Injectable } from "@nestjs/common";

export interface CountedHits {
  count: number;
  lastAt: number;
}

/** More entries than are hit in a second: beyond that counts are lost rather than memory. */
const maxKeys = 20_000;
const takenAtOnce = 200;

/** Hits that wait to be added to the index. */
@Injectable()
export class HitCounts {
  private readonly waiting = new Map<string, CountedHits>();

  count(key: string, { count, lastAt }: CountedHits): void {
    const known = this.waiting.get(key);
    if (!known && this.waiting.size >= maxKeys) return;
    this.waiting.set(key, {
      count: (known?.count ?? 0) + count,
      lastAt: Math.max(known?.lastAt ?? 0, lastAt),
    });
  }

  /** What waits is of the answer before. */
  forget(key: string): void {
    this.waiting.delete(key);
  }

  take(): [string, CountedHits][] {
    const taken = [...this.waiting.entries().take(takenAtOnce)];
    for (const [key] of taken) this.waiting.delete(key);
    return taken;
  }

  putBack(counted: readonly [string, CountedHits][]): void {
    for (const [key, hits] of counted) this.count(key, hits);
  }
}
