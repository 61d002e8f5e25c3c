import type { CanonicalRequest } from "#anthropic/canonical-request.js";
import { estimateTokens } from "../../tokens/estimate-tokens.js";
import type {
  BackendModel,
  GenerateOptions,
  GenerationEvent,
  InferenceBackend,
  ServedModel,
} from "../inference-backend.js";
import { watchSilence, type Watched } from "../watch-silence.js";
import { OllamaAnswers, type OllamaAnswersOptions, type PreparedRequest } from "./ollama-answers.js";
import { OllamaModels } from "./ollama-models.js";
import { OllamaClient, toOllamaError } from "./ollama.client.js";

export interface OllamaBackendOptions extends OllamaAnswersOptions {
  baseUrl: string;
  connectTimeoutMs: number;
  firstEventTimeoutMs: number;
  idleTimeoutMs: number;
  /** How long the backend may be silent before it is probed. */
  probeIntervalMs?: number;
  /** How long an answer may be silent, besides its prompt, where a slot may have been lost; see `ModelSlots`. */
  lostSlotSlackMs?: number;
}

const defaultSlackMs = 60_000;

/** How far a generation came, whoever ended it. */
interface Progress {
  hasLine: boolean;
  isUnloaded: boolean;
}

/** Ollama, with limits for its silence. */
export class OllamaBackend implements InferenceBackend {
  readonly name = "ollama";
  readonly translationVersion: string;
  readonly cancelsInPrefill = false;
  readonly forcesCalls = false;
  private readonly client: OllamaClient;
  private readonly models: OllamaModels;
  private readonly answers: OllamaAnswers;

  constructor(private readonly options: OllamaBackendOptions) {
    const { requests, lostSlotSlackMs = defaultSlackMs } = options;
    this.client = new OllamaClient(options.baseUrl, options.connectTimeoutMs);
    this.models = new OllamaModels(this.client, requests, lostSlotSlackMs);
    this.answers = new OllamaAnswers(this.client, this.models, options);
    this.translationVersion = `6 ${requests.mode}`;
  }

  listModels(): Promise<BackendModel[]> {
    return this.models.list();
  }

  get undescribed(): ReadonlyMap<string, () => Promise<BackendModel>> {
    return this.models.undescribed;
  }

  generate(
    request: CanonicalRequest,
    model: ServedModel,
    signal: AbortSignal,
    { promptTokens = estimateTokens(request), ...options }: GenerateOptions = {},
  ): AsyncGenerator<GenerationEvent> {
    const limitMs = this.options.firstEventTimeoutMs;
    const asked = { ...options, promptTokens };
    if (this.models.slotsOf(model).areDoubtful) return this.generateInDoubt(request, model, signal, asked);
    return this.generateWithin(limitMs, request, model, signal, asked);
  }

  load(model: ServedModel, signal: AbortSignal): Promise<void> {
    return this.models.load(model, signal);
  }

  loadedContextLength(model: ServedModel): Promise<number | undefined> {
    return this.models.loadedContextLength(model);
  }

  pull(name: string, signal: AbortSignal): AsyncGenerator<number> {
    return this.models.pull(name, signal);
  }

  probe(): Promise<void> {
    return this.client.probe();
  }

  /** Where a slot may have been lost it is not waited to the limit: the model is unloaded, and asked once more. */
  private async *generateInDoubt(
    request: CanonicalRequest,
    model: ServedModel,
    signal: AbortSignal,
    asked: GenerateOptions & { promptTokens: number },
  ): AsyncGenerator<GenerationEvent> {
    const limitMs = this.options.firstEventTimeoutMs;
    const patienceMs = await this.findPatience(model, asked.promptTokens);
    if (patienceMs < limitMs) {
      const progress = { hasLine: false, isUnloaded: false };
      try {
        return yield* this.generateWithin(patienceMs, request, model, signal, asked, progress);
      } catch (error) {
        if (!progress.isUnloaded || progress.hasLine || signal.aborted) throw error;
      }
    }
    yield* this.generateWithin(limitMs, request, model, signal, asked);
  }

  private generateWithin(
    limitMs: number,
    request: CanonicalRequest,
    model: ServedModel,
    signal: AbortSignal,
    { isReadWhole = false, promptTokens, onHeard }: GenerateOptions & { promptTokens: number },
    progress: Progress = { hasLine: false, isUnloaded: false },
  ): AsyncGenerator<GenerationEvent> {
    const slots = this.models.slotsOf(model);
    const limits = {
      limitMs,
      probeIntervalMs: this.options.probeIntervalMs,
      probe: () => this.probe(),
      onSilent: async () => {
        await this.models.unload(model).catch(() => undefined);
        progress.isUnloaded = true;
      },
      onEnd: () => {
        if (signal.aborted && !progress.hasLine) slots.noteAbandoned(promptTokens);
      },
    };
    const onLine = () => {
      onHeard?.();
      if (progress.hasLine) return;
      progress.hasLine = true;
      slots.noteUsable();
    };
    // Where an answer is cut at a stop sequence, its pieces are counted as tokens.
    const mergesTexts = isReadWhole && !request.stop_sequences?.length;
    let tries = 0;
    const run = (watched: Watched) =>
      this.answers.read(request, model, watched.signal, (prepared) => {
        tries += 1;
        if (tries > 1 && slots.areDoubtful) watched.hear(Math.min(limitMs, slots.patienceMs(promptTokens)));
        const silenceLimitMs = this.silenceLimitMs(prepared);
        const hear = () => {
          watched.hear(silenceLimitMs);
          onLine();
        };
        return { hear, mergesTexts, isReadWhole, promptTokens, slots };
      });
    return watchSilence(limits, signal, run, toOllamaError);
  }

  /** On the chat path a tool call is silence until it is whole; raw it is heard while it is written. */
  private silenceLimitMs({ chat, prompt }: PreparedRequest): number {
    const { firstEventTimeoutMs, idleTimeoutMs } = this.options;
    return chat.tools?.length && prompt === undefined ? firstEventTimeoutMs : idleTimeoutMs;
  }

  private async findPatience(model: ServedModel, promptTokens: number): Promise<number> {
    const isLoaded = (await this.models.loadedContextLength(model).catch(() => undefined)) !== undefined;
    return isLoaded ? this.models.slotsOf(model).patienceMs(promptTokens) : Infinity;
  }
}
