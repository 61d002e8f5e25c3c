import { Inject, Injectable } from "@nestjs/common";
import { type HealthIndicatorResult, HealthIndicatorService } from "@nestjs/terminus";
import { INFERENCE_BACKEND, type InferenceBackend } from "../backends/inference-backend.js";
import { GenerationsService } from "../generations/generations.service.js";
import { InferenceAdapterConfig } from "../inference-adapter.config.js";
import { DefaultModelService } from "../models/default-model.service.js";
import { ModelsService } from "../models/models.service.js";

@Injectable()
export class BackendHealth {
  constructor(
    private readonly indicators: HealthIndicatorService,
    private readonly config: InferenceAdapterConfig,
    private readonly defaultModel: DefaultModelService,
    private readonly models: ModelsService,
    private readonly generations: GenerationsService,
    @Inject(INFERENCE_BACKEND) private readonly backend: InferenceBackend,
  ) {}

  async isAnswering(): Promise<HealthIndicatorResult> {
    const indicator = this.indicators.check(this.backend.name);
    const startedAt = performance.now();
    try {
      await this.backend.probe();
      return indicator.up({ latency_ms: Math.round(performance.now() - startedAt) });
    } catch (error) {
      return indicator.down({ message: (error as Error).message });
    }
  }

  async hasDefaultModel(): Promise<HealthIndicatorResult> {
    const indicator = this.indicators.check("model");
    const state = await this.defaultModel.look();
    const name = this.config.MODEL_NAME;
    switch (state.step) {
      case "ready":
        return indicator.up({
          name: state.model.name,
          state: "ready",
          context_length: state.model.contextLength,
          silent_seconds: this.generations.pulse.silentSeconds,
        });
      case "stuck":
        return indicator.down({
          name: state.model.name,
          state: "stuck",
          message: `the last generation was silent for ${state.seconds} s and was given up; none has come since`,
        });
      case "loading":
        return indicator.down({ name: state.model.name, state: "loading" });
      case "pulling":
        return indicator.down({ name, state: `pulling ${state.percent} %` });
      case "missing":
        return indicator.down({ name, state: "missing", message: await this.adviceFor(name) });
      case "waiting":
        return indicator.down({ name, state: "waiting", message: state.message });
    }
  }

  private async adviceFor(name: string): Promise<string> {
    if (this.backend.pull) return `not installed: ollama pull ${name}`;
    const served = await this.models.list().catch(() => []);
    return `not served: set MODEL_NAME to one of ${served.map((model) => model.name).join(", ") || "none"}`;
  }
}
