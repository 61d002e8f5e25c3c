import { Inject, Module, type OnApplicationShutdown } from "@nestjs/common";
import { MetricsModule } from "#platform/metrics.js";
import { InferenceAdapterConfig } from "../inference-adapter.config.js";
import { PromptCounter } from "../tokens/prompt-counter.js";
import { TemplatesByModel } from "../tokens/templates-by-model.js";
import { TokenCounter } from "../tokens/token-counter.js";
import { ToolRescueMetrics } from "../tool-rescue/tool-rescue.metrics.js";
import { INFERENCE_BACKEND, type InferenceBackend } from "./inference-backend.js";
import { OllamaPromptSource } from "./ollama/ollama-prompt-source.js";
import { OllamaBackend } from "./ollama/ollama.backend.js";
import { OllamaRequests } from "./ollama/raw/ollama-requests.js";
import { RawPrompts } from "./ollama/raw/raw-prompts.js";
import { parseOllamaHost } from "./ollama/parse-ollama-host.js";
import { OpenAiClient } from "./openai-compatible/openai.client.js";
import { OpenAiCompatibleBackend } from "./openai-compatible/openai-compatible.backend.js";
import { OpenAiServer } from "./openai-compatible/openai-server.js";
import { parseOpenAiBaseUrl } from "./openai-compatible/parse-openai-base-url.js";
import { ServerTokenCounter } from "./openai-compatible/server-token-counter.js";

interface Backend {
  backend: InferenceBackend;
  /** How the tokens of its models are counted. */
  counter: PromptCounter;
}

/** The registry: `INFERENCE_BACKEND` → how to make it. A new backend is a folder and an entry here. */
const backends: Record<string, (config: InferenceAdapterConfig, rescues: ToolRescueMetrics) => Backend> = {
  ollama: (config, rescues) => {
    const baseUrl = parseOllamaHost(config.OLLAMA_HOST);
    const requests = new OllamaRequests(config.INFERENCE_MODE, config.MODEL_KEEP_ALIVE);
    const prompts = new OllamaPromptSource(baseUrl, config.CONNECT_TIMEOUT_MS, requests);
    const templates = new TemplatesByModel(prompts);
    return {
      counter: new TokenCounter(prompts, {}, templates),
      backend: new OllamaBackend({
        baseUrl,
        requests,
        prompts,
        rawPrompts: new RawPrompts(prompts, templates),
        connectTimeoutMs: config.CONNECT_TIMEOUT_MS,
        firstEventTimeoutMs: config.FIRST_EVENT_TIMEOUT_MS,
        idleTimeoutMs: config.IDLE_TIMEOUT_MS,
        onRescue: (kind) => rescues.count(kind),
      }),
    };
  },
  "openai-compatible": (config, rescues) => {
    const server = new OpenAiServer(
      new OpenAiClient({
        baseUrl: parseOpenAiBaseUrl(config.OPENAI_BASE_URL),
        apiKey: config.OPENAI_API_KEY,
        connectTimeoutMs: config.CONNECT_TIMEOUT_MS,
      }),
    );
    return {
      counter: new ServerTokenCounter(server),
      backend: new OpenAiCompatibleBackend(server, {
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
    { provide: PromptCounter, inject: [BACKEND], useFactory: ({ counter }: Backend) => counter },
  ],
  exports: [INFERENCE_BACKEND, PromptCounter],
})
export class BackendsModule implements OnApplicationShutdown {
  constructor(@Inject(PromptCounter) private readonly counter: PromptCounter) {}

  async onApplicationShutdown(): Promise<void> {
    await this.counter.close();
  }
}
