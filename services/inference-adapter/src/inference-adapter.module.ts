import { type DynamicModule, Global, Module } from "@nestjs/common";
import { TerminusModule } from "@nestjs/terminus";
import { MetricsModule } from "#platform/metrics.js";
import { BackendsModule } from "./backends/backends.module.js";
import { GenerationsController } from "./generations/generations.controller.js";
import { GenerationsMetrics } from "./generations/generations.metrics.js";
import { GenerationsService } from "./generations/generations.service.js";
import { SubscriptionsController } from "./generations/subscriptions.controller.js";
import { Subscriptions } from "./generations/subscriptions.js";
import { BackendHealth } from "./health/backend.health.js";
import { HealthController } from "./health/health.controller.js";
import { ActivityController } from "./idle/activity.controller.js";
import { IdleWatch } from "./idle/idle-watch.js";
import { InferenceAdapterConfig } from "./inference-adapter.config.js";
import { MessagesController } from "./messages/messages.controller.js";
import { MessagesService } from "./messages/messages.service.js";
import { WorkMetrics } from "./messages/work.metrics.js";
import { DefaultModelService } from "./models/default-model.service.js";
import { ModelLoadedGauge } from "./models/model-loaded.gauge.js";
import { ModelsController } from "./models/models.controller.js";
import { ModelsService } from "./models/models.service.js";
import { PrefixWarmer } from "./models/prefix-warmer.service.js";
import { SourcesService } from "./sources/sources.service.js";

@Global()
@Module({})
export class InferenceAdapterModule {
  static forRoot(config: InferenceAdapterConfig): DynamicModule {
    return {
      module: InferenceAdapterModule,
      imports: [MetricsModule, BackendsModule, TerminusModule.forRoot({ logger: false })],
      controllers: [
        MessagesController,
        SubscriptionsController,
        GenerationsController,
        ModelsController,
        ActivityController,
        HealthController,
      ],
      providers: [
        { provide: InferenceAdapterConfig, useValue: config },
        MessagesService,
        ModelsService,
        SourcesService,
        DefaultModelService,
        PrefixWarmer,
        GenerationsService,
        GenerationsMetrics,
        Subscriptions,
        BackendHealth,
        WorkMetrics,
        ModelLoadedGauge,
        IdleWatch,
      ],
      exports: [InferenceAdapterConfig],
    };
  }
}
