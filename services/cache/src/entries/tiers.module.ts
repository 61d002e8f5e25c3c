import { type DynamicModule, Module } from "@nestjs/common";
import { MetricsModule } from "#platform/metrics.js";
import { CacheConfig } from "../cache.config.js";
import { RedisConnection } from "../redis/redis-connection.js";
import { CacheMetrics } from "./cache.metrics.js";
import { MemoryTier } from "./memory-tier.js";
import { RedisStore } from "./redis-store.provider.js";
import { TierGauges } from "./tier-gauges.js";

/** The two places where entries live. */
@Module({})
export class TiersModule {
  static forRoot(config: CacheConfig): DynamicModule {
    const shared = [CacheMetrics, RedisConnection, MemoryTier, RedisStore];
    return {
      module: TiersModule,
      imports: [MetricsModule],
      providers: [{ provide: CacheConfig, useValue: config }, ...shared, TierGauges],
      exports: [CacheConfig, ...shared],
    };
  }
}
