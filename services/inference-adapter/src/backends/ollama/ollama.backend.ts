import { randomInt } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { clientTools } from "#anthropic/client-tools.js";
import type { CanonicalRequest } from "#anthropic/canonical-request.js";
import { readOut } from "#platform/read-out.js";
import { estimateTokens } from "../../tokens/estimate-tokens.js";
import { rescueToolCalls } from "../../tool-rescue/rescue-tool-calls.js";
import type { Rescue } from "../../tool-rescue/tool-rescue.metrics.js";
import { cutAtStopSequence } from "../cut-at-stop-sequence.js";
import { decodeJsonLines } from "../decode-json-lines.js";
import type {
  BackendModel,
  Capability,
  GenerateOptions,
  GenerationEvent,
  InferenceBackend,
  ServedModel,
} from "../inference-backend.js";
import { retryLostCall } from "../retry-lost-call.js";
import { watchSilence, type Watched } from "../watch-silence.js";
import { gatherDescribed } from "./gather-described.js";
import { mapOllamaError } from "./map-ollama-error.js";
import { ModelSlots } from "./model-slots.js";
import { OllamaClient, toOllamaError } from "./ollama.client.js";
import type {
  OllamaChatChunk,
  OllamaChatRequest,
  OllamaPullChunk,
  OllamaRawChunk,
  OllamaShow,
  OllamaTag,
} from "./ollama-wire.js";
import type { OllamaRequests } from "./raw/ollama-requests.js";
import type { RawPrompts } from "./raw/raw-prompts.js";
import { readWritten } from "./raw/read-written.js";
import { toWrittenEvents } from "./raw/to-written-events.js";
import { linesOf, readChunks, type Reading } from "./read-chunks.js";
import { toGenerationEvents } from "./to-generation-events.js";
import { toPullPercent } from "./to-pull-percent.js";
import type { OllamaPromptSource } from "./ollama-prompt-source.js";
import { toContinuedPrompt } from "./to-continued-prompt.js";
import { toOllamaRawRequest } from "./to-ollama-chat-request.js";

export interface OllamaBackendOptions {
  baseUrl: string;
  /** How requests are put to the model, and in which mode. */
  requests: OllamaRequests;
  prompts: OllamaPromptSource;
  /** Renders the prompts of the raw mode. */
  rawPrompts: RawPrompts;
  connectTimeoutMs: number;
  firstEventTimeoutMs: number;
  idleTimeoutMs: number;
  /** How long the backend may be silent before it is probed. */
  probeIntervalMs?: number;
  /** How long an answer may be silent, besides its prompt, where a slot may have been lost; see `ModelSlots`. */
  lostSlotSlackMs?: number;
  /** Called for each tool call that was recovered, and for each generation that was run again. */
  onRescue?: (kind: Rescue) => void;
}

const defaultSlackMs = 60_000;
const unloadLimitMs = 5000;
const unloadPollMs = 100;

/** How far a generation came, whoever ended it. */
interface Progress {
  hasLine: boolean;
  isUnloaded: boolean;
}

export class OllamaBackend implements InferenceBackend {
  readonly name = "ollama";
  readonly translationVersion: string;
  readonly cancelsInPrefill = false;
  readonly forcesCalls = false;
  private readonly client: OllamaClient;
  private readonly shown = new Map<string, Promise<OllamaShow>>();
  private readonly slots = new Map<string, ModelSlots>();

  constructor(private readonly options: OllamaBackendOptions) {
    this.client = new OllamaClient(options.baseUrl, options.connectTimeoutMs);
    this.translationVersion = `4 ${options.requests.mode}`;
  }

  async listModels(): Promise<BackendModel[]> {
    const { models } = await this.client.tags();
    const digests = new Set(models.map(({ digest }) => digest));
    for (const known of [this.shown, this.slots])
      for (const digest of known.keys()) if (!digests.has(digest)) known.delete(digest);
    return gatherDescribed(models.map((model) => this.describe(model)));
  }

  generate(
    request: CanonicalRequest,
    model: ServedModel,
    signal: AbortSignal,
    { promptTokens = estimateTokens(request), ...options }: GenerateOptions = {},
  ): AsyncGenerator<GenerationEvent> {
    const limitMs = this.options.firstEventTimeoutMs;
    const asked = { ...options, promptTokens };
    if (this.slotsOf(model).areDoubtful) return this.generateInDoubt(request, model, signal, asked);
    return this.generateWithin(limitMs, request, model, signal, asked);
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
    { mergesTexts = false, promptTokens, onHeard }: GenerateOptions & { promptTokens: number },
    progress: Progress = { hasLine: false, isUnloaded: false },
  ): AsyncGenerator<GenerationEvent> {
    const slots = this.slotsOf(model);
    const limits = {
      limitMs,
      probeIntervalMs: this.options.probeIntervalMs,
      probe: () => this.probe(),
      onSilent: async () => {
        await this.unload(model).catch(() => undefined);
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
    const merges = mergesTexts && !request.stop_sequences?.length;
    const run = (watched: Watched) =>
      this.run(request, model, watched, { mergesTexts: merges, promptTokens, slots }, onLine);
    return watchSilence(limits, signal, run, toOllamaError);
  }

  private async findPatience(model: ServedModel, promptTokens: number): Promise<number> {
    const isLoaded = (await this.loadedContextLength(model).catch(() => undefined)) !== undefined;
    return isLoaded ? this.slotsOf(model).patienceMs(promptTokens) : Infinity;
  }

  private slotsOf({ digest }: ServedModel): ModelSlots {
    const known = this.slots.get(digest);
    if (known) return known;
    const slots = new ModelSlots(this.options.lostSlotSlackMs ?? defaultSlackMs);
    this.slots.set(digest, slots);
    return slots;
  }

  async load(model: ServedModel, signal: AbortSignal): Promise<void> {
    const answer = await this.client.chat(
      this.options.requests.toChat({ model: model.name, messages: [] }, model),
      signal,
    );
    if (!("lines" in answer)) throw mapOllamaError(answer.status, answer.error, answer.retryAfterSeconds);
    readOut(answer.lines);
  }

  async loadedContextLength({ digest }: ServedModel): Promise<number | undefined> {
    const { models = [] } = await this.client.ps();
    const loaded = models.find((model) => model.digest === digest);
    // Whoever loads it next, with the model come new slots: how long loading takes says nothing of lost ones.
    if (!loaded) this.slots.get(digest)?.noteUsable();
    return loaded?.context_length;
  }

  async *pull(name: string, signal: AbortSignal): AsyncGenerator<number> {
    const answer = await this.client.pull(name, signal);
    if (!("lines" in answer)) throw mapOllamaError(answer.status, answer.error, answer.retryAfterSeconds);
    yield* toPullPercent(refuseErrors(decodeJsonLines<OllamaPullChunk>(answer.lines)));
  }

  probe(): Promise<void> {
    return this.client.probe();
  }

  /**
   * Ollama (0.17.4) may keep a slot for good whose client left while tokens came fast: whoever comes next waits for
   * ever. The slots go with the model, and come back when the next request loads it.
   */
  private async unload(model: ServedModel): Promise<void> {
    await this.client.unload(model.name);
    const until = performance.now() + unloadLimitMs;
    while (performance.now() < until && (await this.loadedContextLength(model)) !== undefined)
      await sleep(unloadPollMs);
  }

  private run(
    request: CanonicalRequest,
    model: ServedModel,
    watched: Watched,
    how: Omit<Reading, "hear">,
    onLine: () => void,
  ): AsyncGenerator<GenerationEvent> {
    const { signal } = watched;
    const rendered = this.toRawPrompt(request, model, signal);
    return retryLostCall(
      async (attempt) => {
        const prompt = await rendered;
        const silenceLimitMs = this.silenceLimitMs(request, prompt);
        const hear = () => {
          watched.hear(silenceLimitMs);
          onLine();
        };
        const reading = { ...how, hear };
        return prompt === undefined
          ? this.attempt(request, model, attempt, signal, reading)
          : this.attemptRaw(request, model, prompt, attempt, signal, reading);
      },
      () => this.onRescue("retry"),
    );
  }

  /** On the chat path a tool call is silence until it is whole; raw it is heard while it is written. */
  private silenceLimitMs({ tools }: CanonicalRequest, prompt: string | undefined): number {
    const { firstEventTimeoutMs, idleTimeoutMs } = this.options;
    return tools?.length && prompt === undefined ? firstEventTimeoutMs : idleTimeoutMs;
  }

  /**
   * The rendered prompt where the request goes the raw way. What is not known of it is rendered by Ollama, which
   * wants the model loaded: there is a slot for it now. Where that fails the chat path says why.
   */
  private async toRawPrompt(
    request: CanonicalRequest,
    model: ServedModel,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const { requests, rawPrompts } = this.options;
    const { chat, isRaw } = requests.build(request, model);
    if (!isRaw) return undefined;
    try {
      const isReadable = requests.isReadable(model);
      const known = isReadable ? rawPrompts.find(chat, model) : undefined;
      if (known !== undefined) return known;
      await this.loadWhereNeeded(model, signal);
      if (isReadable === undefined) requests.noteReadable(model, await rawPrompts.isReadable(model));
      return requests.isReadable(model) ? await rawPrompts.render(chat, model) : undefined;
    } catch (error) {
      if (signal.aborted) throw error;
      return undefined;
    }
  }

  private async loadWhereNeeded(model: ServedModel, signal: AbortSignal): Promise<void> {
    if ((await this.loadedContextLength(model)) !== model.contextLength) await this.load(model, signal);
  }

  private async attempt(
    request: CanonicalRequest,
    model: ServedModel,
    attempt: number,
    signal: AbortSignal,
    reading: Reading,
  ): Promise<AsyncIterable<GenerationEvent>> {
    const chat = this.options.requests.toChat(request, model);
    if (attempt > 0) chat.options.seed = randomInt(2 ** 31);
    const chunks = readChunks<OllamaChatChunk>(await this.open(chat, reading, model, signal), reading);
    const events = cutAtStopSequence(toGenerationEvents(chunks), request.stop_sequences ?? []);
    const tools = request.output_config?.format ? [] : clientTools(request);
    return rescueToolCalls(events, tools, ({ kind }) => this.onRescue(kind));
  }

  private async attemptRaw(
    request: CanonicalRequest,
    model: ServedModel,
    prompt: string,
    attempt: number,
    signal: AbortSignal,
    reading: Reading,
  ): Promise<AsyncIterable<GenerationEvent>> {
    const { requests } = this.options;
    const chat = requests.toChat(request, model);
    if (attempt > 0) chat.options.seed = randomInt(2 ** 31);
    const answer = await this.client.generateRaw(
      { ...toOllamaRawRequest(chat, prompt), think: false },
      signal,
    );
    const chunks = readChunks<OllamaRawChunk>(linesOf(answer, reading, model), reading);
    return readWritten(toWrittenEvents(chunks), {
      request,
      think: chat.think,
      prompt,
      isLastTry: attempt > 0,
      onRescue: ({ kind }) => this.onRescue(kind),
      onWhole: (blocks, written) => requests.written.remember(model.digest, blocks, written),
    });
  }

  private onRescue(kind: Rescue): void {
    this.options.onRescue?.(kind);
  }

  private async open(
    chat: OllamaChatRequest,
    reading: Reading,
    model: ServedModel,
    signal: AbortSignal,
  ): Promise<IncomingMessage> {
    const prompt = await this.toContinuedPrompt(chat, model, signal);
    const answer =
      prompt === undefined
        ? await this.client.chat(chat, signal)
        : await this.client.generateRaw(toOllamaRawRequest(chat, prompt), signal);
    return linesOf(answer, reading, model);
  }

  /** Undefined too where this Ollama does not tell how it renders: then it goes on by itself or not at all. */
  private async toContinuedPrompt(
    chat: OllamaChatRequest,
    model: ServedModel,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    if (chat.messages.at(-1)?.role !== "assistant") return undefined;
    await this.load(model, signal);
    return toContinuedPrompt(chat, ({ tools = [], ...conversation }) =>
      this.options.prompts.render({ ...conversation, tools }, model),
    ).catch(() => undefined);
  }

  private async describe({ name, digest, modified_at }: OllamaTag): Promise<BackendModel> {
    return { name, digest, modifiedAt: modified_at, ...toAbilities(await this.show(name, digest)) };
  }

  /** What `/api/show` says changes only with the digest. A failure is not kept. */
  private show(name: string, digest: string): Promise<OllamaShow> {
    const known = this.shown.get(digest);
    if (known) return known;
    const asked = this.client.show(name);
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
    if (chunk.error !== undefined) throw mapOllamaError(500, chunk);
    yield chunk;
  }
}
