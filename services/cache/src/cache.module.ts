import { CacheModule as NestCacheModule } from "@nestjs/cache-manager";
import { type DynamicModule, Module } from "@nestjs/common";
import { TerminusModule } from "@nestjs/terminus";
import { Keyv, type KeyvStoreAdapter } from "keyv";
import type { CacheConfig } from "./cache.config.js";
import { ChangeFeed } from "./coherence/change-feed.js";
import { ChangeLog } from "./coherence/change-log.js";
import { ChangesController } from "./coherence/changes.controller.js";
import { Coherence } from "./coherence/coherence.js";
import { EntriesController } from "./entries/entries.controller.js";
import { EntriesService } from "./entries/entries.service.js";
import { MemoryTier } from "./entries/memory-tier.js";
import { RedisStore } from "./entries/redis-store.provider.js";
import { TiersModule } from "./entries/tiers.module.js";
import { GivenAnswers } from "./given/given-answers.js";
import { HealthController } from "./health/health.controller.js";
import { RedisHealth } from "./health/redis.health.js";
import { CatalogController } from "./index/catalog.controller.js";
import { CatalogService } from "./index/catalog.service.js";
import { IndexUpkeep } from "./index/index-upkeep.js";
import { indexProvider } from "./index/index.provider.js";
import { MemoryIndex } from "./index/memory-index.js";
import { StatsController } from "./index/stats.controller.js";
import { StatsService } from "./index/stats.service.js";
import { StoredKeysController } from "./index/stored-keys.controller.js";
import { StoredKeysService } from "./index/stored-keys.service.js";
import { LimitsController } from "./limits/limits.controller.js";
import { LimitsService } from "./limits/limits.service.js";
import { NeighboursController } from "./neighbours/neighbours.controller.js";
import { NeighboursService } from "./neighbours/neighbours.service.js";
import { NotesController } from "./notes/notes.controller.js";
import { NotesService } from "./notes/notes.service.js";
import { GatewayReports } from "./reports/gateway-reports.js";
import { ReportsController } from "./reports/reports.controller.js";
import { toRedisOptions } from "./redis/to-redis-options.js";

const entryControllers = [EntriesController, CatalogController, StatsController, StoredKeysController];
const entryServices = [EntriesService, CatalogService, StatsService, StoredKeysService];
const coherenceServices = [ChangeLog, ChangeFeed, Coherence, GatewayReports];
const indexServices = [MemoryIndex, indexProvider, IndexUpkeep];

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
      controllers: [
        ...entryControllers,
        ChangesController,
        ReportsController,
        LimitsController,
        NeighboursController,
        NotesController,
        HealthController,
      ],
      providers: [
        ...entryServices,
        ...coherenceServices,
        ...indexServices,
        GivenAnswers,
        LimitsService,
        NeighboursService,
        NotesService,
        RedisHealth,
      ],
    };
  }
}

/** Without Keyv's own serialization: the tiers do theirs, and twice would be slow. */
function toKeyv(store: KeyvStoreAdapter): Keyv {
  return new Keyv({ store, serialize: undefined, deserialize: undefined, useKeyPrefix: false });
}
