import { type DynamicModule, Global, Module } from "@nestjs/common";
import { TerminusModule } from "@nestjs/terminus";
import { MetricsModule } from "#platform/metrics.js";
import { AdminGuard } from "./access/admin.guard.js";
import { ApiKeyGuard } from "./access/api-key.guard.js";
import { ApiKeys } from "./access/api-keys.js";
import { LimitCounters } from "./access/rate-limits/limit-counters.js";
import { RateLimits } from "./access/rate-limits/rate-limits.service.js";
import { AnswerCache } from "./caching/answer-cache.js";
import { CacheAdminClient } from "./caching/cache-admin.client.js";
import { CacheAdminController } from "./caching/cache-admin.controller.js";
import { CacheClient } from "./caching/cache.client.js";
import { CacheConnection } from "./caching/cache-connection.js";
import { ENTRY_STORE } from "./caching/entry-store.js";
import { HttpEntryStore } from "./caching/http-entry-store.js";
import { PendingStores } from "./caching/pending-stores.js";
import { ClaudeCodeController } from "./claude-code/claude-code.controller.js";
import { GatewayConfig } from "./gateway.config.js";
import { CacheHealth } from "./health/cache.health.js";
import { HealthController } from "./health/health.controller.js";
import { InferenceHealth } from "./health/inference.health.js";
import { InProcess } from "./in-process.js";
import { InferenceClient } from "./inference/inference.client.js";
import { Deliveries } from "./messages/deliveries.js";
import { OpenAnswers } from "./messages/open-answers.js";
import { MessageReply } from "./messages/message-reply.js";
import { MessagesController } from "./messages/messages.controller.js";
import { MessagesMetrics } from "./messages/messages.metrics.js";
import { MessagesService } from "./messages/messages.service.js";
import { QuestionsService } from "./messages/questions.service.js";
import { AllMetricsController } from "./metrics/all-metrics.controller.js";
import { AllMetrics } from "./metrics/all-metrics.service.js";
import { PriceGauges } from "./metrics/price.gauges.js";
import { ModelRouter } from "./models/model-router.js";
import { ModelsController } from "./models/models.controller.js";
import { RecentRequests } from "./status-page/recent-requests.js";
import { StatusController } from "./status-page/status.controller.js";
import { StatusService } from "./status-page/status.service.js";
import { RememberedModels } from "./models/remembered-models.js";
import { ReplacedModels } from "./models/replaced-models.js";
import { CacheFeed } from "./near-tier/cache-feed.js";
import { NearReports } from "./near-tier/near-reports.js";
import { NearTier } from "./near-tier/near-tier.js";
import { StoredKeys } from "./near-tier/stored-keys.js";
import { RootController } from "./root.controller.js";
import { WrongPathController } from "./wrong-path.controller.js";

@Global()
@Module({})
export class GatewayModule {
  static forRoot(config: GatewayConfig, keys: ApiKeys, inProcess: InProcess): DynamicModule {
    return {
      module: GatewayModule,
      imports: [MetricsModule, TerminusModule.forRoot({ logger: false })],
      controllers: [
        RootController,
        MessagesController,
        ModelsController,
        ClaudeCodeController,
        CacheAdminController,
        HealthController,
        AllMetricsController,
        StatusController,
        WrongPathController,
      ],
      providers: [
        { provide: GatewayConfig, useValue: config },
        { provide: ApiKeys, useValue: keys },
        { provide: InProcess, useValue: inProcess },
        ApiKeyGuard,
        AdminGuard,
        LimitCounters,
        RateLimits,
        MessagesService,
        Deliveries,
        OpenAnswers,
        QuestionsService,
        AnswerCache,
        CacheAdminClient,
        MessageReply,
        MessagesMetrics,
        ModelRouter,
        RememberedModels,
        ReplacedModels,
        CacheConnection,
        HttpEntryStore,
        {
          provide: ENTRY_STORE,
          useFactory: (http: HttpEntryStore) => inProcess.entries ?? http,
          inject: [HttpEntryStore],
        },
        PendingStores,
        CacheClient,
        NearTier,
        StoredKeys,
        CacheFeed,
        NearReports,
        InferenceClient,
        CacheHealth,
        InferenceHealth,
        AllMetrics,
        PriceGauges,
        RecentRequests,
        StatusService,
      ],
    };
  }
}
