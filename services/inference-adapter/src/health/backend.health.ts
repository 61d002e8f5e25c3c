import { Inject, Injectable } from "@nestjs/common";
import { type HealthIndicatorResult, HealthIndicatorService } from "@nestjs/terminus";
import { findModelName } from "#service-contracts/find-model-name.js";
import { INFERENCE_BACKEND, type InferenceBackend } from "../backends/inference-backend.js";
import { InferenceAdapterConfig } from "../inference-adapter.config.js";
import { ModelsService } from "../models/models.service.js";

@Injectable()
export class BackendHealth {
  constructor(
    private readonly indicators: HealthIndicatorService,
    private readonly config: InferenceAdapterConfig,
    private readonly models: ModelsService,
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
    const { MODEL_NAME } = this.config;
    try {
      const models = await this.models.refresh();
      const name = findModelName(
        MODEL_NAME,
        models.map((model) => model.name),
      );
      const model = models.find((served) => served.name === name);
      if (!model) return indicator.down({ name: MODEL_NAME, message: "not installed" });
      return indicator.up({ name: model.name, state: "ready", context_length: model.contextLength });
    } catch (error) {
      return indicator.down({ name: MODEL_NAME, message: (error as Error).message });
    }
  }
}
