import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  type OnApplicationBootstrap,
} from "@nestjs/common";
import { setTimeout as delay } from "node:timers/promises";
import { LOGGER, type Logger } from "#platform/logging.js";
import { INFERENCE_BACKEND, type InferenceBackend, type ServedModel } from "../backends/inference-backend.js";
import { GenerationsService } from "../generations/generations.service.js";
import { InferenceAdapterConfig } from "../inference-adapter.config.js";
import { PromptCounter } from "../tokens/prompt-counter.js";
import { ModelsService } from "./models.service.js";
import { PrefixWarmer } from "./prefix-warmer.service.js";
import { toPrefixRequests } from "./to-prefix-requests.js";

/** How far the default model is on its way to answering. */
export type ModelStep =
  | { step: "waiting"; message: string }
  | { step: "missing" }
  | { step: "pulling"; percent: number }
  | { step: "loading"; model: ServedModel }
  | { step: "stuck"; model: ServedModel; seconds: number }
  | { step: "ready"; model: ServedModel };

const checkIntervalMs = 2000;
const loadedCheckIntervalMs = 5000;
/** Lest two fight over a model that each wants with another window. */
const reloadIntervalMs = 30_000;
const trialLimitMs = 20_000;
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
  private loadedCheckedAt = -Infinity;
  private loadedAt = -Infinity;
  private checking: Promise<void> | undefined;

  constructor(
    private readonly config: InferenceAdapterConfig,
    private readonly models: ModelsService,
    private readonly counter: PromptCounter,
    private readonly generations: GenerationsService,
    private readonly warmer: PrefixWarmer,
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
      const model = await this.models.installed(this.config.MODEL_NAME);
      if (model) await this.bringUp(model);
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

  private async bringUp(model: ServedModel): Promise<void> {
    const isNew = this.knownFingerprint !== model.fingerprint;
    if (isNew) void this.counter.prepare(model);
    // A backend that loads its models by itself is left alone.
    if (this.backend.load && ((isNew && this.config.MODEL_WARMUP) || (await this.isToBeReloaded(model))))
      await this.load(model);
    this.knownFingerprint = model.fingerprint;
    const seconds = this.generations.pulse.stuckSeconds;
    if (seconds === undefined) return this.enter({ step: "ready", model });
    this.enter({ step: "stuck", model, seconds });
    await this.tryOut(model);
  }

  private async load(model: ServedModel): Promise<void> {
    this.enter({ step: "loading", model });
    this.loadedAt = performance.now();
    const limit = AbortSignal.timeout(this.config.FIRST_EVENT_TIMEOUT_MS);
    await this.backend.load?.(model, AbortSignal.any([this.shutdown.signal, limit]));
    void this.warmer.evaluate(model);
  }

  /** It is loaded with a smaller window, by somebody else; or it is gone, as when the backend was restarted. */
  private async isToBeReloaded(model: ServedModel): Promise<boolean> {
    const now = performance.now();
    if (now - this.loadedCheckedAt < loadedCheckIntervalMs) return false;
    this.loadedCheckedAt = now;
    const loaded = await this.backend.loadedContextLength?.(model);
    const isBad =
      loaded === undefined
        ? this.isToStayLoaded && !(await this.isDisplaced())
        : loaded < model.contextLength && now - this.loadedAt > reloadIntervalMs;
    if (!isBad) return false;
    const facts = { model: model.name, loaded: loaded ?? "not", wanted: model.contextLength };
    this.logger.warn(facts, "the model is not loaded as it should be; loading it again");
    return true;
  }

  private get isToStayLoaded(): boolean {
    const { MODEL_WARMUP, MODEL_KEEP_ALIVE } = this.config;
    return MODEL_WARMUP && MODEL_KEEP_ALIVE.startsWith("-");
  }

  /** Another model has taken its place: the next request for this one takes it back. */
  private async isDisplaced(): Promise<boolean> {
    const models = await this.models.list();
    const loaded = await Promise.all(models.map(async (one) => this.backend.loadedContextLength?.(one)));
    return loaded.some((contextLength) => contextLength !== undefined);
  }

  /** A stuck backend is asked for one token now and then: its first one says that it is well again. */
  private async tryOut(model: ServedModel): Promise<void> {
    try {
      // It was unloaded to come right, and a load may take longer than a trial.
      if (this.backend.load && (await this.backend.loadedContextLength?.(model)) === undefined)
        await this.load(model);
      const limit = AbortSignal.timeout(trialLimitMs);
      for (const request of toPrefixRequests({}, model.name))
        await this.generations.whenIdle((ending) =>
          this.backend.generate(request, model, AbortSignal.any([ending, limit])),
        );
    } catch (error) {
      this.logger.warn(
        { model: model.name, reason: (error as Error).message },
        "the backend does not generate",
      );
    }
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
