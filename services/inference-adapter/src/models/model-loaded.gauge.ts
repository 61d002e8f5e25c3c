import { Inject, Injectable } from "@nestjs/common";
import { Registry } from "prom-client";
import { setTimeout as delay } from "node:timers/promises";
import { observeGauge } from "#platform/metrics.js";
import { INFERENCE_BACKEND, type InferenceBackend } from "../backends/inference-backend.js";
import { DefaultModelService } from "./default-model.service.js";

/** A scrape does not wait longer for the backend. */
const askLimitMs = 1000;

@Injectable()
export class ModelLoadedGauge {
  constructor(
    @Inject(Registry) registry: Registry,
    private readonly defaultModel: DefaultModelService,
    @Inject(INFERENCE_BACKEND) private readonly backend: InferenceBackend,
  ) {
    const help = "1: the default model is loaded with its whole window.";
    observeGauge(registry, "llm_model_loaded", help, async () => ((await this.isLoaded()) ? 1 : 0));
  }

  private async isLoaded(): Promise<boolean> {
    const { state } = this.defaultModel;
    if (state.step !== "ready") return false;
    // A server that says nothing of loading has its models loaded for as long as it serves them.
    if (this.backend.loadedContextLength === undefined) return true;
    const asked = this.backend.loadedContextLength(state.model).catch(() => undefined);
    const loaded = await Promise.race([asked, delay(askLimitMs, undefined, { ref: false })]);
    return loaded !== undefined && loaded >= state.model.contextLength;
  }
}
