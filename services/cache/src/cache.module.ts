import { CacheModule as NestCacheModule } from "@nestjs/cache-manager";
import { type DynamicModule, Module } from "@nestjs/common";
import { TerminusModule } from "@nestjs/terminus";
import { Keyv, type KeyvStoreAdapter } from "keyv";
import type { CacheConfig } from "./cache.config.js";
import { EntriesController } from "./entries/entries.controller.js";
import { EntriesService } from "./entries/entries.service.js";
import { JsonText } from "./entries/json-text.js";
import { MemoryTier } from "./entries/memory-tier.js";
import { RedisStore } from "./entries/redis-store.provider.js";
import { StatsController } from "./entries/stats.controller.js";
import { TiersModule } from "./entries/tiers.module.js";
import { HealthController } from "./health/health.controller.js";
import { RedisHealth } from "./health/redis.health.js";
import { toRedisOptions } from "./redis/to-redis-options.js";

@Module({})
export class CacheModule {
  static forRoot(config: CacheConfig): DynamicModule {
    const tiers = TiersModule.forRoot(config);
    const nestCache = NestCacheModule.registerAsync({
      imports: [tiers],
      inject: [MemoryTier, RedisStore],
      useFactory: (memory: MemoryTier, redis: RedisStore) => ({
        stores: toRedisOptions(config) ? [toKeyv(memory), toKeyv(redis)] : [toKeyv(memory)],
      }),
    });
    return {
      module: CacheModule,
      imports: [tiers, nestCache, TerminusModule.forRoot({ logger: false })],
      controllers: [EntriesController, StatsController, HealthController],
      providers: [EntriesService, JsonText, RedisHealth],
    };
  }
}

/** Without Keyv's own serialization: the tiers do theirs, and twice would be slow. */
function toKeyv(store: KeyvStoreAdapter): Keyv {
  return new Keyv({ store, serialize: undefined, deserialize: undefined, useKeyPrefix: false });
}
