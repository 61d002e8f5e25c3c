import { Injectable } from "@nestjs/common";
import { setTimeout as delay } from "node:timers/promises";
import type { ModelCard } from "#service-contracts/model-card.js";
import { GatewayConfig } from "../gateway.config.js";
import { InferenceClient } from "../inference/inference.client.js";
import { parseModelAliases } from "./parse-model-aliases.js";
import { RememberedModels } from "./remembered-models.js";
import { resolveModelName } from "./resolve-model-name.js";

const freshMs = 5000;
const refreshWaitMs = 500;
const maxPicked = 1000;

/**
 * Which model answers a requested name. Keeps the last known models, through a restart too, so that hits are served
 * without a backend.
 */
@Injectable()
export class ModelRouter {
  private readonly aliases;
  private listed: ModelCard[] | undefined;
  /** What names meant in a list: a list is never changed. */
  private readonly picked = new WeakMap<ModelCard[], Map<string, ModelCard>>();
  private askedAt = -Infinity;
  private asking: Promise<ModelCard[]> | undefined;

  constructor(
    private readonly config: GatewayConfig,
    private readonly inference: InferenceClient,
    private readonly remembered: RememberedModels,
  ) {
    this.aliases = parseModelAliases(config.MODEL_ALIASES);
  }

  /** What `resolve` would give, where nobody has to be asked for it. */
  known(requested: string): ModelCard | undefined {
    return this.listed && this.isFresh ? this.pick(requested, this.listed) : undefined;
  }

  /** @throws ApiError `not_found_error` naming what is served; the adapter's error when no model was ever known */
  async resolve(requested: string): Promise<ModelCard> {
    const model = this.pick(requested, await this.list());
    if (model) return model;
    // The adapter looks again: the model may just have come, or be on its way, or there is none.
    const missing = await this.inference.getModel(this.wantedName(requested));
    return this.pick(requested, await this.refreshOrKnown()) ?? missing;
  }

  /** The default model as it is installed, if it is. */
  async defaultModel(): Promise<ModelCard | undefined> {
    return this.pick(this.config.MODEL_NAME, await this.list());
  }

  async list(): Promise<ModelCard[]> {
    if (!this.listed) return this.refresh().catch((error: unknown) => this.recall(error));
    if (this.isFresh) return this.listed;
    this.askedAt = performance.now();
    await Promise.race([this.refreshOrKnown(), delay(refreshWaitMs)]);
    return this.listed;
  }

  /** The known names: the bounded set of values that a metric's label may have. */
  isServed(id: string): boolean {
    return this.listed?.some((model) => model.id === id) ?? false;
  }

  private get isFresh(): boolean {
    return performance.now() - this.askedAt < freshMs;
  }

  private refreshOrKnown(): Promise<ModelCard[]> {
    return this.refresh().catch(() => this.listed ?? []);
  }

  private refresh(): Promise<ModelCard[]> {
    this.asking ??= this.ask().finally(() => (this.asking = undefined));
    return this.asking;
  }

  private async ask(): Promise<ModelCard[]> {
    this.listed = await this.inference.listModels();
    this.askedAt = performance.now();
    this.remembered.write(this.listed);
    return this.listed;
  }

  /** After a restart, with the backend down: what was listed before it. @throws the `error` where that is not known */
  private async recall(error: unknown): Promise<ModelCard[]> {
    const models = await this.remembered.read();
    if (!models) throw error;
    this.listed ??= models;
    return this.listed;
  }

  /** The model that a name means and that is not installed. */
  private wantedName(requested: string): string {
    const alias = this.aliases.find(({ pattern }) => pattern.test(requested));
    if (alias) return alias.model;
    const { MODEL_NAME: defaultModel } = this.config;
    const names = { aliases: [], installed: [defaultModel], defaultModel };
    return resolveModelName(requested, names) ?? requested;
  }

  private pick(requested: string, models: ModelCard[]): ModelCard | undefined {
    const known = this.picked.get(models)?.get(requested);
    if (known) return known;
    const installed = models.map(({ id }) => id);
    const { MODEL_NAME: defaultModel } = this.config;
    const id = resolveModelName(requested, { aliases: this.aliases, installed, defaultModel });
    const model = models.find((candidate) => candidate.id === id);
    if (model) this.remember(requested, model, models);
    return model;
  }

  /** Names that clients make up would fill the memory: `claude-…` means the default model, whatever follows. */
  private remember(requested: string, model: ModelCard, models: ModelCard[]): void {
    const names = this.picked.get(models) ?? new Map<string, ModelCard>();
    if (names.size < maxPicked) names.set(requested, model);
    this.picked.set(models, names);
  }
}
