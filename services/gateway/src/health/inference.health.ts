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

  /** What the adapter says of itself. A server that says nothing of itself is up when it lists its models. */
  async check(path: string): Promise<HealthIndicatorResult> {
    const indicator = this.indicators.check("inference");
    const startedAt = performance.now();
    try {
      const { status, body } = await this.inference.health(path);
      const { details, error } = (body ?? {}) as Told;
      if (status === 404 || (status === 200 && details === undefined)) await this.inference.listModels();
      if (status === 200) await this.inference.checkAccess();
      const latency_ms = Math.round(performance.now() - startedAt);
      // Who refuses the question itself says why in the shape of the Messages API.
      const told = details === undefined ? `the inference service answered with status ${status}` : undefined;
      const message = typeof error?.message === "string" ? error.message : told;
      return status === 200 || status === 404
        ? indicator.up({ latency_ms, ...details })
        : indicator.down({ latency_ms, ...details, ...(message === undefined ? {} : { message }) });
    } catch (error) {
      return indicator.down({ message: (error as Error).message });
    }
  }
}
