import { Inject, Injectable } from "@nestjs/common";
import { createHash } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { ApiError, toApiError } from "#anthropic/errors.js";
import { LastKnown } from "#platform/last-known.js";
import { LOGGER, type Logger } from "#platform/logging.js";
import { findModelName } from "#service-contracts/find-model-name.js";
import {
  type BackendModel,
  INFERENCE_BACKEND,
  type InferenceBackend,
  type ServedModel,
} from "../backends/inference-backend.js";
import { InferenceAdapterConfig } from "../inference-adapter.config.js";
import { parseModelContext } from "./parse-model-context.js";

/** How long a request waits for a model that its backend is slow to describe. */
const describeWaitMs = 3000;

/**
 * The models that the backend has, each with its one window and fingerprint. Asked again every few seconds;
 * the last known list stands while the backend is down, so that cached answers keep their keys.
 */
@Injectable()
export class ModelsService {
  private readonly listed = new LastKnown(
    () => this.ask(),
    ({ message }) =>
      this.logger.warn({ reason: message }, "the models cannot be listed; the last known ones stand"),
  );
  private readonly pulling = new Map<string, number>();
  private readonly rules;

  constructor(
    private readonly config: InferenceAdapterConfig,
    @Inject(INFERENCE_BACKEND) private readonly backend: InferenceBackend,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.rules = parseModelContext(config.MODEL_CONTEXT);
  }

  /** The models served, a few seconds old at most where the backend answers. @throws ApiError when none were ever known */
  list(): Promise<ServedModel[]> {
    return this.listed.get();
  }

  /** Not at what was asked before this moment. */
  lookAgain(): Promise<void> {
    return this.listed.lookAgain();
  }

  /** Asks the backend now. @throws ApiError */
  refresh(): Promise<ServedModel[]> {
    return this.listed.refresh();
  }

  /** @throws ApiError `not_found_error` naming what is served, `overloaded_error` while it is being pulled */
  async find(name: string): Promise<ServedModel> {
    const models = await this.list();
    const found = this.pick(name, models) ?? this.pick(name, await this.refresh().catch(() => models));
    if (found) return found;
    const undescribed = this.pickUndescribed(name);
    if (undescribed !== undefined) return this.waitFor(undescribed);
    const percent = this.pulling.get(name);
    if (percent !== undefined)
      throw new ApiError("overloaded_error", `The model ${name} is being pulled: ${percent} %`, {
        retryAfterSeconds: 30,
      });
    const names = models.map((model) => model.name).join(", ") || "none";
    throw new ApiError("not_found_error", `model: ${name} (models served: ${names})`);
  }

  /** The model that a name means among those last listed. */
  installed(name: string): ServedModel | undefined {
    return this.pick(name, this.listed.value ?? []);
  }

  /** Whether a name means a model that is there, and of which the backend has not told what it is. */
  isUndescribed(name: string): boolean {
    return this.pickUndescribed(name) !== undefined;
  }

  /** See `InferenceBackend.undescribed`. */
  get undescribedNames(): string[] {
    return [...(this.backend.undescribed?.keys() ?? [])];
  }

  /** How many percent of a model have been pulled; `undefined` when the pull is over. */
  notePull(name: string, percent: number | undefined): void {
    if (percent === undefined) this.pulling.delete(name);
    else this.pulling.set(name, percent);
  }

  pullPercent(name: string): number {
    return this.pulling.get(name) ?? 0;
  }

  private pick(name: string, models: ServedModel[]): ServedModel | undefined {
    const full = this.fullName(name, models);
    return models.find((model) => model.name === full);
  }

  private pickUndescribed(name: string): string | undefined {
    const full = this.fullName(name, this.listed.value ?? []);
    return this.undescribedNames.find((one) => one === full);
  }

  private fullName(name: string, models: ServedModel[]): string | undefined {
    return findModelName(name, [...models.map((model) => model.name), ...this.undescribedNames]);
  }

  /** @throws ApiError why it cannot be described, `overloaded_error` where that takes long */
  private async waitFor(name: string): Promise<ServedModel> {
    const described = this.backend.undescribed
      ?.get(name)?.()
      .catch((error: unknown) => {
        if (toApiError(error).type !== "timeout_error") throw error;
      });
    const late = delay(describeWaitMs, undefined, { ref: false });
    const model = await Promise.race([described, late]);
    if (model) return this.toServedModel(model);
    described?.catch(() => undefined);
    throw new ApiError("overloaded_error", `The backend has not described the model ${name} yet`, {
      retryAfterSeconds: 5,
    });
  }

  private async ask(): Promise<ServedModel[]> {
    const models = await this.backend.listModels();
    return models.map((model) => this.toServedModel(model));
  }

  private toServedModel(model: BackendModel): ServedModel {
    const rule = this.rules.find(({ pattern }) => pattern.test(model.name));
    const { fixedContextLength: fixed, trainedContextLength } = model;
    const contextLength = Math.min(
      rule?.tokens ?? fixed ?? this.config.CONTEXT_LENGTH,
      fixed ?? trainedContextLength,
    );
    return { ...model, contextLength, fingerprint: this.fingerprint(model, contextLength) };
  }

  private fingerprint({ digest }: BackendModel, contextLength: number): string {
    const parts = [this.backend.name, this.backend.translationVersion, digest, contextLength];
    return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 32);
  }
}
