import { Module } from "@nestjs/common";
import { InferenceAdapterConfig } from "../inference-adapter.config.js";
import { MetricsModule } from "#platform/metrics.js";
import { ToolRescueMetrics } from "../tool-rescue/tool-rescue.metrics.js";
import { INFERENCE_BACKEND, type InferenceBackend } from "./inference-backend.js";
import { OllamaBackend } from "./ollama/ollama.backend.js";
import { parseOllamaHost } from "./ollama/parse-ollama-host.js";

/** The registry: `INFERENCE_BACKEND` → how to make it. A new backend is a folder and a line here. */
const backends: Record<
  string,
  (config: InferenceAdapterConfig, rescues: ToolRescueMetrics) => InferenceBackend
> = {
  ollama: (config, rescues) =>
    new OllamaBackend({
      baseUrl: parseOllamaHost(config.OLLAMA_HOST),
      keepAlive: config.MODEL_KEEP_ALIVE,
      connectTimeoutMs: config.CONNECT_TIMEOUT_MS,
      firstEventTimeoutMs: config.FIRST_EVENT_TIMEOUT_MS,
      idleTimeoutMs: config.IDLE_TIMEOUT_MS,
      onRescue: (kind) => rescues.count(kind),
    }),
};

@Module({
  imports: [MetricsModule],
  providers: [
    ToolRescueMetrics,
    {
      provide: INFERENCE_BACKEND,
      inject: [InferenceAdapterConfig, ToolRescueMetrics],
      useFactory: (config: InferenceAdapterConfig, rescues: ToolRescueMetrics) => {
        const make = backends[config.INFERENCE_BACKEND];
        if (!make) throw new Error(`no backend is called ${config.INFERENCE_BACKEND}`);
        return make(config, rescues);
      },
    },
  ],
  exports: [INFERENCE_BACKEND],
})
export class BackendsModule {}
