import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  type OnApplicationBootstrap,
} from "@nestjs/common";
import { setTimeout as delay } from "node:timers/promises";
import { LOGGER, type Logger } from "#platform/logging.js";
import { INFERENCE_BACKEND, type InferenceBackend, type ServedModel } from "../backends/inference-backend.js";
import { InferenceAdapterConfig } from "../inference-adapter.config.js";
import { PromptCounter } from "../tokens/prompt-counter.js";
import { ModelsService } from "./models.service.js";

/** How far the default model is on its way to answering. */
export type ModelStep =
  | { step: "waiting"; message: string }
  | { step: "missing" }
  | { step: "pulling"; percent: number }
  | { step: "loading"; model: ServedModel }
  | { step: "ready"; model: ServedModel };

const checkIntervalMs = 2000;
const windowCheckIntervalMs = 30_000;
const lookLimitMs = 500;

/**
 * Sees to it that the default model can answer: pulls it where it is absent and loads it at start, each if
 * so configured. Begins again when the backend was away or the model has changed. Nothing waits for it.
 */
@Injectable()
export class DefaultModelService implements OnApplicationBootstrap, BeforeApplicationShutdown {
  state: ModelStep = { step: "waiting", message: "not asked yet" };
  private readonly shutdown = new AbortController();
  private knownFingerprint: string | undefined;
  private windowCheckedAt = -Infinity;
  private checking: Promise<void> | undefined;

  constructor(
    private readonly config: InferenceAdapterConfig,
    private readonly models: ModelsService,
    private readonly counter: PromptCounter,
    @Inject(INFERENCE_BACKEND) private readonly backend: InferenceBackend,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    void this.watch();
  }

  beforeApplicationShutdown(): void {
    this.shutdown.abort();
  }

  /** The state as it is now: looks again, but does not wait for a pull or a load. */
  async look(): Promise<ModelStep> {
    await Promise.race([this.check(), delay(lookLimitMs)]);
    return this.state;
  }

  /** One check at a time, with all that is to be done for the model. Never throws. */
  check(): Promise<void> {
    this.checking ??= this.checkOnce().finally(() => (this.checking = undefined));
    return this.checking;
  }

  private async checkOnce(): Promise<void> {
    try {
      await this.models.refresh();
      const model = this.models.installed(this.config.MODEL_NAME);
      if (model) await this.warmUp(model);
      else if (this.config.MODEL_PULL && this.backend.pull)
        await this.pull(this.backend.pull(this.config.MODEL_NAME, this.shutdown.signal));
      else this.enter({ step: "missing" });
    } catch (error) {
      if (this.shutdown.signal.aborted) return;
      this.knownFingerprint = undefined;
      this.enter({ step: "waiting", message: (error as Error).message });
    }
  }

  private async watch(): Promise<void> {
    const { signal } = this.shutdown;
    while (!signal.aborted) {
      await this.check();
      await delay(checkIntervalMs, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  private async warmUp(model: ServedModel): Promise<void> {
    const isNew = this.knownFingerprint !== model.fingerprint;
    if (isNew) void this.counter.prepare(model);
    if (this.backend.load && ((isNew && this.config.MODEL_WARMUP) || (await this.isLoadedTooSmall(model)))) {
      this.enter({ step: "loading", model });
      const limit = AbortSignal.timeout(this.config.FIRST_EVENT_TIMEOUT_MS);
      await this.backend.load(model, AbortSignal.any([this.shutdown.signal, limit]));
    }
    this.knownFingerprint = model.fingerprint;
    this.enter({ step: "ready", model });
  }

  /** Somebody else has loaded it with a smaller window. Not looked at again for a while, lest two fight over it. */
  private async isLoadedTooSmall(model: ServedModel): Promise<boolean> {
    if (performance.now() - this.windowCheckedAt < windowCheckIntervalMs) return false;
    this.windowCheckedAt = performance.now();
    const loaded = await this.backend.loadedContextLength?.(model);
    if (loaded === undefined || loaded >= model.contextLength) return false;
    this.logger.warn(
      { model: model.name, loaded, wanted: model.contextLength },
      "the model is loaded with a smaller window; loading it again",
    );
    return true;
  }

  private async pull(percents: AsyncIterable<number>): Promise<void> {
    const { MODEL_NAME } = this.config;
    this.enter({ step: "pulling", percent: 0 });
    try {
      for await (const percent of percents) {
        if (Math.floor(percent / 5) > Math.floor(this.models.pullPercent(MODEL_NAME) / 5))
          this.logger.info({ model: MODEL_NAME, percent }, "pulling the model");
        this.enter({ step: "pulling", percent });
        this.models.notePull(MODEL_NAME, percent);
      }
    } finally {
      this.models.notePull(MODEL_NAME, undefined);
    }
  }

  private enter(state: ModelStep): void {
    const isNew = state.step !== this.state.step;
    this.state = state;
    if (!isNew) return;
    const { MODEL_NAME: model } = this.config;
    const reason = state.step === "waiting" ? state.message : undefined;
    this.logger.info({ model, step: state.step, reason }, "default model");
  }
}
