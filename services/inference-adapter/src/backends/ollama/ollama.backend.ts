import { randomInt } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { clientTools } from "#anthropic/client-tools.js";
import type { CanonicalRequest } from "#anthropic/canonical-request.js";
import { ApiError } from "#anthropic/errors.js";
import { estimateTokens } from "../../tokens/estimate-tokens.js";
import { promptTooLong } from "../../tokens/prompt-too-long.js";
import { rescueToolCalls } from "../../tool-rescue/rescue-tool-calls.js";
import type { Rescue } from "../../tool-rescue/tool-rescue.metrics.js";
import { cutAtStopSequence } from "../cut-at-stop-sequence.js";
import { decodeJsonLines } from "../decode-json-lines.js";
import type {
  BackendModel,
  Capability,
  GenerationEvent,
  InferenceBackend,
  ServedModel,
} from "../inference-backend.js";
import { retryLostCall } from "../retry-lost-call.js";
import { SilenceWatch } from "../silence-watch.js";
import { isContextOverflow, mapOllamaError } from "./map-ollama-error.js";
import { OllamaClient, toOllamaError } from "./ollama.client.js";
import type {
  OllamaChatChunk,
  OllamaChatRequest,
  OllamaPullChunk,
  OllamaShow,
  OllamaTag,
} from "./ollama-wire.js";
import { toGenerationEvents } from "./to-generation-events.js";
import { toPullPercent } from "./to-pull-percent.js";
import { OllamaPromptSource } from "./ollama-prompt-source.js";
import { toContinuedPrompt } from "./to-continued-prompt.js";
import { toOllamaChatRequest, toOllamaRawRequest } from "./to-ollama-chat-request.js";

export interface OllamaBackendOptions {
  baseUrl: string;
  keepAlive: string;
  connectTimeoutMs: number;
  firstEventTimeoutMs: number;
  idleTimeoutMs: number;
  /** How long the backend may be silent before it is probed. */
  probeIntervalMs?: number;
  /** Called for each tool call that was recovered, and for each generation that was run again. */
  onRescue?: (kind: Rescue) => void;
}

const defaultProbeIntervalMs = 15_000;

export class OllamaBackend implements InferenceBackend {
  readonly name = "ollama";
  readonly translationVersion = 3;
  readonly cancelsInPrefill = false;
  readonly forcesCalls = false;
  private readonly client: OllamaClient;
  private readonly prompts: OllamaPromptSource;
  private readonly shown = new Map<string, Promise<OllamaShow>>();

  constructor(private readonly options: OllamaBackendOptions) {
    this.client = new OllamaClient(options.baseUrl, options.connectTimeoutMs);
    this.prompts = new OllamaPromptSource(options.baseUrl, options.connectTimeoutMs);
  }

  async listModels(): Promise<BackendModel[]> {
    const { models } = await this.client.tags();
    const digests = new Set(models.map(({ digest }) => digest));
    for (const digest of this.shown.keys()) if (!digests.has(digest)) this.shown.delete(digest);
    const described = await Promise.all(models.map((model) => this.describe(model)));
    return described.filter((model) => model !== undefined);
  }

  async *generate(
    request: CanonicalRequest,
    model: ServedModel,
    signal: AbortSignal,
  ): AsyncGenerator<GenerationEvent> {
    const { firstEventTimeoutMs, idleTimeoutMs, probeIntervalMs = defaultProbeIntervalMs } = this.options;
    const limitMs = request.tools?.length ? firstEventTimeoutMs : idleTimeoutMs;
    const watch = new SilenceWatch({
      limitMs: firstEventTimeoutMs,
      probeIntervalMs,
      probe: () => this.client.probe(),
    });
    try {
      const ending = AbortSignal.any([signal, watch.signal]);
      const hear = () => watch.heard(limitMs);
      yield* retryLostCall(
        (attempt) => this.attempt(request, model, attempt, ending, hear),
        () => this.onRescue("retry"),
      );
    } catch (error) {
      throw watch.signal.aborted ? watch.signal.reason : toOllamaError(error);
    } finally {
      watch.stop();
    }
  }

  async load(model: ServedModel, signal: AbortSignal): Promise<void> {
    const answer = await this.client.chat(
      toOllamaChatRequest({ model: model.name, messages: [] }, model, this.options.keepAlive),
      signal,
    );
    if (!("lines" in answer)) throw mapOllamaError(answer.status, answer.error);
    readOut(answer.lines);
  }

  async loadedContextLength({ digest }: ServedModel): Promise<number | undefined> {
    const { models = [] } = await this.client.ps();
    return models.find((loaded) => loaded.digest === digest)?.context_length;
  }

  async *pull(name: string, signal: AbortSignal): AsyncGenerator<number> {
    const answer = await this.client.pull(name, signal);
    if (!("lines" in answer)) throw mapOllamaError(answer.status, answer.error);
    yield* toPullPercent(refuseErrors(decodeJsonLines<OllamaPullChunk>(answer.lines)));
  }

  probe(): Promise<void> {
    return this.client.probe();
  }

  private async *attempt(
    request: CanonicalRequest,
    model: ServedModel,
    attempt: number,
    signal: AbortSignal,
    hear: () => void,
  ): AsyncGenerator<GenerationEvent> {
    const chat = toOllamaChatRequest(request, model, this.options.keepAlive);
    if (attempt > 0) chat.options.seed = randomInt(2 ** 31);
    const chunks = readChunks(await this.open(chat, request, model, signal), hear);
    const events = cutAtStopSequence(toGenerationEvents(chunks), request.stop_sequences ?? []);
    const tools = request.output_config?.format ? [] : clientTools(request);
    yield* rescueToolCalls(events, tools, (kind) => this.onRescue(kind));
  }

  private onRescue(kind: Rescue): void {
    this.options.onRescue?.(kind);
  }

  private async open(
    chat: OllamaChatRequest,
    request: CanonicalRequest,
    model: ServedModel,
    signal: AbortSignal,
  ): Promise<IncomingMessage> {
    const prompt = await this.toContinuedPrompt(chat, model, signal);
    const answer =
      prompt === undefined
        ? await this.client.chat(chat, signal)
        : await this.client.generateRaw(toOllamaRawRequest(chat, prompt), signal);
    if ("lines" in answer) return answer.lines;
    if (isContextOverflow(answer.status, answer.error))
      throw promptTooLong(Math.max(estimateTokens(request), model.contextLength + 1), model.contextLength);
    throw mapOllamaError(answer.status, answer.error);
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
      this.prompts.render({ ...conversation, tools }, model),
    ).catch(() => undefined);
  }

  /** Undefined where Ollama lists a model that it cannot show: one that is just being deleted, or is broken. */
  private async describe({ name, digest, modified_at }: OllamaTag): Promise<BackendModel | undefined> {
    try {
      const abilities = toAbilities(await this.show(name, digest));
      return { name, digest, modifiedAt: modified_at, ...abilities };
    } catch (error) {
      if (isRefusal(error)) return undefined;
      throw error;
    }
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

/**
 * Behind the last line only the end of the body is missing: where that is read too, the connection is kept for
 * the next answer, and Ollama sees no client that breaks off.
 */
async function* readChunks(body: IncomingMessage, hear: () => void): AsyncGenerator<OllamaChatChunk> {
  let isWhole = false;
  try {
    const bytes = body.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>;
    for await (const chunk of decodeJsonLines<OllamaChatChunk>(bytes)) {
      hear();
      isWhole = chunk.done === true;
      yield chunk;
    }
  } finally {
    if (isWhole) readOut(body);
    else body.destroy();
  }
}

/** Reads the rest of a body that nobody needs; then it cannot fail any more. */
function readOut(body: IncomingMessage): void {
  body.on("error", () => undefined);
  body.resume();
}

/** It answered, but not with what was asked for. */
function isRefusal(error: unknown): boolean {
  return (
    error instanceof ApiError &&
    error.cause === undefined &&
    (error.type === "not_found_error" || error.type === "api_error")
  );
}

async function* refuseErrors(chunks: AsyncIterable<OllamaPullChunk>): AsyncGenerator<OllamaPullChunk> {
  for await (const chunk of chunks) {
    if (chunk.error !== undefined) throw mapOllamaError(500, chunk);
    yield chunk;
  }
}
