import { Inject, Module, type OnApplicationShutdown } from "@nestjs/common";
import { MetricsModule } from "#platform/metrics.js";
import { InferenceAdapterConfig } from "../inference-adapter.config.js";
import type { PromptSource } from "../tokens/prompt-source.js";
import { TemplatesByModel } from "../tokens/templates-by-model.js";
import { TokenCounter } from "../tokens/token-counter.js";
import { ToolRescueMetrics } from "../tool-rescue/tool-rescue.metrics.js";
import { INFERENCE_BACKEND, type InferenceBackend } from "./inference-backend.js";
import { OllamaPromptSource } from "./ollama/ollama-prompt-source.js";
import { OllamaBackend } from "./ollama/ollama.backend.js";
import { OllamaRequests } from "./ollama/raw/ollama-requests.js";
import { RawPrompts } from "./ollama/raw/raw-prompts.js";
import { parseOllamaHost } from "./ollama/parse-ollama-host.js";

interface Backend {
  backend: InferenceBackend;
  /** What counting tokens asks of it. */
  prompts: PromptSource;
  templates: TemplatesByModel;
}

/** The registry: `INFERENCE_BACKEND` → how to make it. A new backend is a folder and an entry here. */
const backends: Record<string, (config: InferenceAdapterConfig, rescues: ToolRescueMetrics) => Backend> = {
  ollama: (config, rescues) => {
    const baseUrl = parseOllamaHost(config.OLLAMA_HOST);
    const requests = new OllamaRequests(config.INFERENCE_MODE, config.MODEL_KEEP_ALIVE);
    const prompts = new OllamaPromptSource(baseUrl, config.CONNECT_TIMEOUT_MS, requests);
    const templates = new TemplatesByModel(prompts);
    return {
      prompts,
      templates,
      backend: new OllamaBackend({
        baseUrl,
        requests,
        rawPrompts: new RawPrompts(prompts, templates),
        connectTimeoutMs: config.CONNECT_TIMEOUT_MS,
        firstEventTimeoutMs: config.FIRST_EVENT_TIMEOUT_MS,
        idleTimeoutMs: config.IDLE_TIMEOUT_MS,
        onRescue: (kind) => rescues.count(kind),
      }),
    };
  },
};

const BACKEND = Symbol("BACKEND");

@Module({
  imports: [MetricsModule],
  providers: [
    ToolRescueMetrics,
    {
      provide: BACKEND,
      inject: [InferenceAdapterConfig, ToolRescueMetrics],
      useFactory: (config: InferenceAdapterConfig, rescues: ToolRescueMetrics) => {
        const make = backends[config.INFERENCE_BACKEND];
        if (!make) throw new Error(`no backend is called ${config.INFERENCE_BACKEND}`);
        return make(config, rescues);
      },
    },
    { provide: INFERENCE_BACKEND, inject: [BACKEND], useFactory: ({ backend }: Backend) => backend },
    {
      provide: TokenCounter,
      inject: [BACKEND],
      useFactory: ({ prompts, templates }: Backend) => new TokenCounter(prompts, {}, templates),
    },
  ],
  exports: [INFERENCE_BACKEND, TokenCounter],
})
export class BackendsModule implements OnApplicationShutdown {
  constructor(@Inject(TokenCounter) private readonly counter: TokenCounter) {}

  async onApplicationShutdown(): Promise<void> {
    await this.counter.close();
  }
}
