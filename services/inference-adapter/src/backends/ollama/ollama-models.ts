import { setTimeout as sleep } from "node:timers/promises";
import { readOut } from "#platform/read-out.js";
import { decodeJsonLines } from "../decode-json-lines.js";
import type { BackendModel, Capability, ServedModel } from "../inference-backend.js";
import { gatherDescribed } from "./gather-described.js";
import { FewAtOnce } from "../../generations/few-at-once.js";
import { mapOllamaError } from "./map-ollama-error.js";
import { ModelSlots } from "./model-slots.js";
import type { OllamaClient } from "./ollama.client.js";
import type { OllamaPullChunk, OllamaShow, OllamaTag } from "./ollama-wire.js";
import type { OllamaRequests } from "./raw/ollama-requests.js";
import { toPullPercent } from "./to-pull-percent.js";

const unloadLimitMs = 5000;
const unloadPollMs = 100;
const showsAtOnce = 16;
const never = new AbortController().signal;

/** Ollama's models: which there are, whether one is in memory, and what is known of its slots. */
export class OllamaModels {
  undescribed: ReadonlyMap<string, () => Promise<BackendModel>> = new Map();
  private readonly shown = new Map<string, Promise<OllamaShow>>();
  private readonly slots = new Map<string, ModelSlots>();
  private readonly shows = new FewAtOnce(showsAtOnce, Infinity);

  constructor(
    private readonly client: OllamaClient,
    private readonly requests: OllamaRequests,
    private readonly lostSlotSlackMs: number,
  ) {}

  async list(): Promise<BackendModel[]> {
    const { models } = await this.client.tags();
    const digests = new Set(models.map(({ digest }) => digest));
    for (const known of [this.shown, this.slots])
      for (const digest of known.keys()) if (!digests.has(digest)) known.delete(digest);
    const asked = models.map((tag) => ({ tag, name: tag.name, description: this.describe(tag) }));
    const { described, undescribed } = await gatherDescribed(asked);
    this.undescribed = new Map(
      asked
        .filter(({ name }) => undescribed.includes(name))
        .map(({ tag, name }) => [name, () => this.describe(tag)]),
    );
    return described;
  }

  async load(model: ServedModel, signal: AbortSignal): Promise<void> {
    const answer = await this.client.chat(
      this.requests.toChat({ model: model.name, messages: [] }, model),
      signal,
    );
    if (!("lines" in answer)) throw mapOllamaError(answer.status, answer.error, answer.retryAfterSeconds);
    readOut(answer.lines);
  }

  async loadWhereNeeded(model: ServedModel, signal: AbortSignal): Promise<void> {
    if ((await this.loadedContextLength(model)) !== model.contextLength) await this.load(model, signal);
  }

  async loadedContextLength({ digest }: ServedModel): Promise<number | undefined> {
    const { models = [] } = await this.client.ps();
    const loaded = models.find((model) => model.digest === digest);
    // Whoever loads it next, with the model come new slots: how long loading takes says nothing of lost ones.
    if (!loaded) this.slots.get(digest)?.noteUsable();
    return loaded?.context_length;
  }

  /**
   * Ollama (0.17.4) may keep a slot for good whose client left while tokens came fast: whoever comes next waits for
   * ever. The slots go with the model, and come back when the next request loads it.
   */
  async unload(model: ServedModel): Promise<void> {
    await this.client.unload(model.name);
    const until = performance.now() + unloadLimitMs;
    while (performance.now() < until && (await this.loadedContextLength(model)) !== undefined)
      await sleep(unloadPollMs);
  }

  async *pull(name: string, signal: AbortSignal): AsyncGenerator<number> {
    const answer = await this.client.pull(name, signal);
    if (!("lines" in answer)) throw mapOllamaError(answer.status, answer.error, answer.retryAfterSeconds);
    yield* toPullPercent(refuseErrors(decodeJsonLines<OllamaPullChunk>(answer.lines)));
  }

  slotsOf({ digest }: ServedModel): ModelSlots {
    const known = this.slots.get(digest);
    if (known) return known;
    const slots = new ModelSlots(this.lostSlotSlackMs);
    this.slots.set(digest, slots);
    return slots;
  }

  private async describe({ name, digest, modified_at }: OllamaTag): Promise<BackendModel> {
    return { name, digest, modifiedAt: modified_at, ...toAbilities(await this.show(name, digest)) };
  }

  /** What `/api/show` says changes only with the digest. A failure is not kept. */
  private show(name: string, digest: string): Promise<OllamaShow> {
    const known = this.shown.get(digest);
    if (known) return known;
    const asked = this.shows.run(() => this.client.show(name), never);
    this.shown.set(digest, asked);
    asked.catch(() => this.shown.delete(digest));
    return asked;
  }
}

function toAbilities({ capabilities = [], model_info = {} }: OllamaShow) {
  const length = model_info[`${String(model_info["general.architecture"])}.context_length`];
  const known: Capability[] = ["tools", "thinking", "vision"];
  return {
    trainedContextLength: typeof length === "number" ? length : Number.MAX_SAFE_INTEGER,
    capabilities: new Set(known.filter((capability) => capabilities.includes(capability))),
  };
}

async function* refuseErrors(chunks: AsyncIterable<OllamaPullChunk>): AsyncGenerator<OllamaPullChunk> {
  for await (const chunk of chunks) {
    if (chunk.error != null) throw mapOllamaError(500, chunk);
    yield chunk;
  }
}
