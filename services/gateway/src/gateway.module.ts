import { type DynamicModule, Global, Module } from "@nestjs/common";
import { TerminusModule } from "@nestjs/terminus";
import { MetricsModule } from "#platform/metrics.js";
import { ApiKeyGuard } from "./access/api-key.guard.js";
import { CacheClient } from "./caching/cache.client.js";
import { ClaudeCodeController } from "./claude-code/claude-code.controller.js";
import { GatewayConfig } from "./gateway.config.js";
import { CacheHealth } from "./health/cache.health.js";
import { HealthController } from "./health/health.controller.js";
import { InferenceHealth } from "./health/inference.health.js";
import { InferenceClient } from "./inference/inference.client.js";
import { MessageReply } from "./messages/message-reply.js";
import { MessagesController } from "./messages/messages.controller.js";
import { MessagesMetrics } from "./messages/messages.metrics.js";
import { MessagesService } from "./messages/messages.service.js";
import { ModelRouter } from "./models/model-router.js";
import { ModelsController } from "./models/models.controller.js";
import { RootController } from "./root.controller.js";

@Global()
@Module({})
export class GatewayModule {
  static forRoot(config: GatewayConfig): DynamicModule {
    return {
      module: GatewayModule,
      imports: [MetricsModule, TerminusModule.forRoot({ logger: false })],
      controllers: [
        RootController,
        MessagesController,
        ModelsController,
        ClaudeCodeController,
        HealthController,
      ],
      providers: [
        { provide: GatewayConfig, useValue: config },
        ApiKeyGuard,
        MessagesService,
        MessageReply,
        MessagesMetrics,
        ModelRouter,
        CacheClient,
        InferenceClient,
        CacheHealth,
        InferenceHealth,
      ],
    };
  }
}
