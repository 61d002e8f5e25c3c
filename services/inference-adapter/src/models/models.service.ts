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
    const found =
      (await this.pick(name, models)) ?? (await this.pick(name, await this.refresh().catch(() => models)));
    if (found) return found;
    const percent = this.pulling.get(name);
    if (percent !== undefined)
      throw new ApiError("overloaded_error", `The model ${name} is being pulled: ${percent} %`, {
        retryAfterSeconds: 30,
      });
    const names = models.map((model) => model.name).join(", ") || "none";
    throw new ApiError("not_found_error", `model: ${name} (models served: ${names})`);
  }

  /** The model that a name means among those last listed. @throws ApiError where it is there and cannot be described */
  installed(name: string): Promise<ServedModel | undefined> {
    return this.pick(name, this.listed.value ?? []);
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

  /** One that is there and not described yet is waited for. */
  private async pick(name: string, models: ServedModel[]): Promise<ServedModel | undefined> {
    const names = [...models.map((model) => model.name), ...this.undescribedNames];
    const full = findModelName(name, names);
    if (full === undefined) return undefined;
    const describe = this.backend.undescribed?.get(full);
    return describe ? this.waitFor(full, describe) : models.find((model) => model.name === full);
  }

  /** @throws ApiError why it cannot be described, `overloaded_error` where that takes long */
  private async waitFor(name: string, describe: () => Promise<BackendModel>): Promise<ServedModel> {
    const described = describe().catch((error: unknown) => {
      if (toApiError(error).type !== "timeout_error") throw error;
    });
    const model = await Promise.race([described, delay(describeWaitMs, undefined, { ref: false })]);
    if (model) return this.toServedModel(model);
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
