import { Injectable } from "@nestjs/common";
import type { CacheStats, TierStats } from "#service-contracts/cache-store.js";
import { CacheMetrics } from "../entries/cache.metrics.js";
import { MemoryTier } from "../entries/memory-tier.js";
import { RedisConnection } from "../redis/redis-connection.js";
import { GatewayReports } from "../reports/gateway-reports.js";
import { countModels, type IndexTotals } from "./count-models.js";
import { MemoryIndex } from "./memory-index.js";
import { RedisIndex } from "./redis-index.js";

/** A page that is looked at by many, again and again, walks through the index once in so long. */
const freshMs = 2000;

@Injectable()
export class StatsService {
  private counted: { at: number; totals: Promise<IndexTotals> } | undefined;

  constructor(
    private readonly metrics: CacheMetrics,
    private readonly redis: RedisConnection,
    private readonly memory: MemoryTier,
    private readonly memoryIndex: MemoryIndex,
    private readonly redisIndex: RedisIndex,
    private readonly gateways: GatewayReports,
  ) {}

  async stats(): Promise<CacheStats> {
    const { state } = this.redis;
    const { gateway, memory, redis } = this.metrics.tallies;
    const copies = this.gateways.held;
    const near = withHitRatio({ ...memory, ...this.memory.size });
    const totals = state === "up" ? await this.countRedis() : undefined;
    const { entries, bytes } = totals ?? { entries: 0, bytes: 0 };
    return {
      redis: state,
      tiers: {
        ...(copies && { gateway: withHitRatio({ ...gateway, ...copies }) }),
        memory: near,
        ...(state !== "none" && { redis: withHitRatio({ ...redis, entries, bytes }) }),
      },
      models: (totals ?? (await countModels(this.memoryIndex.walk()))).models,
    };
  }

  /** `undefined`: Redis has just gone; then what memory has is told. */
  private countRedis(): Promise<IndexTotals | undefined> {
    const now = performance.now();
    if (!this.counted || now - this.counted.at > freshMs)
      this.counted = { at: now, totals: countModels(this.redisIndex.walk()) };
    return this.counted.totals.catch(() => undefined);
  }
}

function withHitRatio(stats: Omit<TierStats, "hit_ratio">): TierStats {
  const lookups = stats.hits + stats.misses;
  return { ...stats, hit_ratio: lookups === 0 ? null : stats.hits / lookups };
}
