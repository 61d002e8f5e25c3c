import { Injectable } from "@nestjs/common";
import { ApiError } from "#anthropic/errors.js";
import { LastKnown } from "#platform/last-known.js";
import type { ListedModels, ModelCard } from "#service-contracts/model-card.js";
import { GatewayConfig } from "../gateway.config.js";
import { InferenceClient } from "../inference/inference.client.js";
import { parseModelAliases } from "./parse-model-aliases.js";
import { RememberedModels } from "./remembered-models.js";
import { resolveModelName } from "./resolve-model-name.js";

const maxPicked = 1000;
/** No model's name is longer; the adapter looks for none that is. */
const longestName = 500;

/**
 * Which model answers a requested name. Keeps the last known models, through a restart too, so that hits are served
 * without a backend.
 */
@Injectable()
export class ModelRouter {
  private readonly aliases;
  private readonly listed: LastKnown<ListedModels>;
  /** What names meant in a list: a list is never changed. */
  private readonly picked = new WeakMap<ListedModels, Map<string, ModelCard>>();

  constructor(
    private readonly config: GatewayConfig,
    private readonly inference: InferenceClient,
    private readonly remembered: RememberedModels,
  ) {
    this.aliases = parseModelAliases(config.MODEL_ALIASES);
    this.listed = new LastKnown(() => this.ask());
  }

  /** What `resolve` would give, where nobody has to be asked for it. */
  known(requested: string): ModelCard | undefined {
    const listed = this.listed.fresh;
    return listed && this.pick(requested, listed);
  }

  /** @throws ApiError `not_found_error` naming what is served; the adapter's error when no model was ever known */
  async resolve(requested: string): Promise<ModelCard> {
    const model = this.pick(requested, await this.look());
    if (model) return model;
    // The adapter looks again: the model may just have come, or be on its way, or there is none.
    const wanted = this.wantedName(requested);
    if (wanted.length > longestName)
      throw new ApiError("not_found_error", `model: no model has a name of over ${longestName} characters`);
    const missing = await this.inference.getModel(wanted);
    const listed = await this.listed.refresh().catch(() => this.listed.value);
    return (listed && this.pick(requested, listed)) ?? missing;
  }

  /** The default model as it is installed, if it is. */
  async defaultModel(): Promise<ModelCard | undefined> {
    return this.pick(this.config.MODEL_NAME, await this.look());
  }

  async list(): Promise<ModelCard[]> {
    return (await this.look()).models;
  }

  private look(): Promise<ListedModels> {
    return this.listed.get().catch((error: unknown) => this.recall(error));
  }

  /** The known names: the bounded set of values that a metric's label may have. */
  isServed(id: string): boolean {
    return this.listed.value?.models.some((model) => model.id === id) ?? false;
  }

  /** Where the adapter cannot describe a model now, what it told before stands. */
  private async ask(): Promise<ListedModels> {
    const { models, undescribed } = await this.inference.listModels();
    const kept = this.listed.value?.models.filter(({ id }) => undescribed.includes(id)) ?? [];
    const known = kept.length === 0 ? models : [...models, ...kept];
    this.remembered.write(known);
    return { models: known, undescribed };
  }

  /** After a restart, with the backend down: what was listed before it. @throws the `error` where that is not known */
  private async recall(error: unknown): Promise<ListedModels> {
    const models = await this.remembered.read();
    if (!models) throw error;
    return this.listed.recall({ models, undescribed: [] });
  }

  /** The model that a name means and that is not installed. */
  private wantedName(requested: string): string {
    const alias = this.aliases.find(({ pattern }) => pattern.test(requested));
    if (alias) return alias.model;
    const { MODEL_NAME: defaultModel } = this.config;
    const names = { aliases: [], installed: [defaultModel], defaultModel };
    return resolveModelName(requested, names) ?? requested;
  }

  private pick(requested: string, listed: ListedModels): ModelCard | undefined {
    const known = this.picked.get(listed)?.get(requested);
    if (known) return known;
    const { models, undescribed } = listed;
    const installed = [...new Set([...models.map(({ id }) => id), ...undescribed])];
    const { MODEL_NAME: defaultModel } = this.config;
    const id = resolveModelName(requested, { aliases: this.aliases, installed, defaultModel });
    const model = models.find((candidate) => candidate.id === id);
    if (model) this.remember(requested, model, listed);
    return model;
  }

  /** Names that clients make up would fill the memory: `claude-…` means the default model, whatever follows. */
  private remember(requested: string, model: ModelCard, listed: ListedModels): void {
    const names = this.picked.get(listed) ?? new Map<string, ModelCard>();
    if (names.size < maxPicked && requested.length <= longestName) names.set(requested, model);
    this.picked.set(listed, names);
  }
}
