import { Injectable } from "@nestjs/common";
import type { GatewayReport } from "#service-contracts/near-copies.js";
import { ChangeFeed } from "../coherence/change-feed.js";
import { Coherence } from "../coherence/coherence.js";
import { CacheMetrics } from "../entries/cache.metrics.js";
import { MemoryTier } from "../entries/memory-tier.js";
import { GivenAnswers } from "../given/given-answers.js";
import { EntryIndex } from "../index/entry-index.js";

type Held = Pick<GatewayReport, "entries" | "bytes">;

/** What the gateways did with their copies: counted here, and told to those who must know. */
@Injectable()
export class GatewayReports {
  private readonly heldBy = new Map<string, Held>();
  private hasReports = false;

  constructor(
    private readonly index: EntryIndex,
    private readonly memory: MemoryTier,
    private readonly given: GivenAnswers,
    private readonly metrics: CacheMetrics,
    private readonly feed: ChangeFeed,
    private readonly coherence: Coherence,
  ) {}

  /** What the gateways that read the feed hold; undefined before the first report. */
  get held(): Held | undefined {
    for (const reader of this.heldBy.keys()) if (!this.feed.isReading(reader)) this.heldBy.delete(reader);
    const held = [...this.heldBy.values()];
    const sum = (read: (of: Held) => number) => held.reduce((total, of) => total + read(of), 0);
    return this.hasReports
      ? { entries: sum(({ entries }) => entries), bytes: sum(({ bytes }) => bytes) }
      : undefined;
  }

  async take(report: GatewayReport): Promise<void> {
    this.hasReports = true;
    if (report.reader !== undefined && this.feed.isReading(report.reader))
      this.heldBy.set(report.reader, { entries: report.entries, bytes: report.bytes });
    this.count(report);
    if (report.given.length > 0) await this.mark(report);
  }

  private count({ hits, misses, stores }: GatewayReport): void {
    const { gateway } = this.metrics.tallies;
    gateway.misses += misses;
    gateway.stores += stores;
    for (const [key, count, lastAt] of hits) {
      gateway.hits += count;
      this.index.countHit(key, count, lastAt);
      this.memory.touch(key);
    }
  }

  /** The other gateways of this service are told at once, those of other services that they must ask again. */
  private async mark({ given, reader }: GatewayReport): Promise<void> {
    const marked = this.given.mark(given);
    this.feed.tell({ type: "given", hashes: given.flatMap(([, hashes]) => hashes) }, reader);
    await marked;
    this.coherence.publishGiven(given.map(([key]) => key));
  }
}
