import { Injectable } from "@nestjs/common";
import { type HealthIndicatorResult, HealthIndicatorService } from "@nestjs/terminus";
import { InferenceClient } from "../inference/inference.client.js";

interface Told {
  details?: Record<string, unknown>;
  error?: { message?: unknown };
}

@Injectable()
export class InferenceHealth {
  constructor(
    private readonly indicators: HealthIndicatorService,
    private readonly inference: InferenceClient,
  ) {}

  /** What the adapter says of itself. A server without such a page is up when it lists its models. */
  async check(path: string): Promise<HealthIndicatorResult> {
    const indicator = this.indicators.check("inference");
    const startedAt = performance.now();
    try {
      const { status, body } = await this.inference.health(path);
      if (status === 404) await this.inference.listModels();
      if (status === 200) await this.inference.checkAccess();
      const latency_ms = Math.round(performance.now() - startedAt);
      const { details, error } = (body ?? {}) as Told;
      // Who refuses the question itself says why in the shape of the Messages API.
      const message = typeof error?.message === "string" ? { message: error.message } : {};
      return status === 200 || status === 404
        ? indicator.up({ latency_ms, ...details })
        : indicator.down({ latency_ms, ...details, ...message });
    } catch (error) {
      return indicator.down({ message: (error as Error).message });
    }
  }
}
