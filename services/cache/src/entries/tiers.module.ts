import { type DynamicModule, Module } from "@nestjs/common";
import { MetricsModule } from "#platform/metrics.js";
import { CacheConfig } from "../cache.config.js";
import { HitCounts } from "../index/hit-counts.js";
import { RedisIndex } from "../index/redis-index.js";
import { RecentEntries } from "../neighbours/recent-entries.js";
import { RedisConnection } from "../redis/redis-connection.js";
import { Keyring } from "../sealing/keyring.js";
import { Sealer } from "../sealing/sealer.js";
import { CacheMetrics } from "./cache.metrics.js";
import { MemoryTier } from "./memory-tier.js";
import { RedisAccess } from "./redis-access.js";
import { RedisEntries } from "./redis-entries.js";
import { RedisStore } from "./redis-store.provider.js";
import { TierGauges } from "./tier-gauges.js";

/** The two places where entries live. */
@Module({})
export class TiersModule {
  static forRoot(config: CacheConfig): DynamicModule {
    const memory = [CacheMetrics, MemoryTier];
    const redis = [RedisConnection, RedisAccess, Sealer, HitCounts, RedisIndex, RecentEntries, RedisEntries];
    const shared = [...memory, ...redis, RedisStore];
    return {
      module: TiersModule,
      imports: [MetricsModule],
      providers: [{ provide: CacheConfig, useValue: config }, ...shared, Keyring, TierGauges],
      exports: [CacheConfig, ...shared],
    };
  }
}
