import { Inject, Injectable } from "@nestjs/common";
import { Counter, Histogram, Registry } from "prom-client";
import { statusOfErrorType, toApiError } from "#anthropic/errors.js";
import { observeGauge } from "#platform/metrics.js";
import { InferenceAdapterConfig } from "../inference-adapter.config.js";

@Injectable()
export class GenerationsMetrics {
  readonly queueWait: Histogram;
  private readonly requests: Counter;

  constructor(
    @Inject(Registry) private readonly registry: Registry,
    private readonly config: InferenceAdapterConfig,
  ) {
    this.requests = new Counter({
      name: "llm_inference_requests_total",
      help: "Generations by backend and outcome: ok or the error's type.",
      labelNames: ["backend", "outcome"],
      registers: [registry],
    });
    // A series that appears with its first event has lost that event for `rate` and `increase`.
    for (const outcome of ["ok", ...Object.keys(statusOfErrorType)])
      this.requests.inc({ backend: config.INFERENCE_BACKEND, outcome }, 0);
    this.queueWait = new Histogram({
      name: "llm_inference_queue_wait_seconds",
      help: "How long generations waited for a slot.",
      buckets: [0.01, 0.1, 0.5, 1, 5, 15, 60, 300, 900],
      registers: [registry],
    });
  }

  count(error: unknown): void {
    const outcome = error === undefined ? "ok" : toApiError(error).type;
    this.requests.inc({ backend: this.config.INFERENCE_BACKEND, outcome });
  }

  observeQueue(read: () => { depth: number; inFlight: number }): void {
    observeGauge(
      this.registry,
      "llm_inference_queue_depth",
      "Generations that wait for a slot.",
      () => read().depth,
    );
    observeGauge(
      this.registry,
      "llm_inference_in_flight",
      "Generations that hold a slot.",
      () => read().inFlight,
    );
  }
}
