import type { CanonicalRequest } from "#anthropic/canonical-request.js";
import { estimateTokens } from "../../tokens/estimate-tokens.js";
import { promptTooLong } from "../../tokens/prompt-too-long.js";
import { cutAtStopSequence } from "../cut-at-stop-sequence.js";
import { decodeJsonLines } from "../decode-json-lines.js";
import type {
  BackendModel,
  Capability,
  GenerationEvent,
  InferenceBackend,
  ServedModel,
} from "../inference-backend.js";
import { SilenceWatch } from "../silence-watch.js";
import { isContextOverflow, mapOllamaError } from "./map-ollama-error.js";
import { OllamaClient, toOllamaError } from "./ollama.client.js";
import type { OllamaChatChunk, OllamaPullChunk, OllamaShow } from "./ollama-wire.js";
import { toGenerationEvents } from "./to-generation-events.js";
import { toPullPercent } from "./to-pull-percent.js";
import { toOllamaChatRequest } from "./to-ollama-chat-request.js";

export interface OllamaBackendOptions {
  baseUrl: string;
  keepAlive: string;
  connectTimeoutMs: number;
  firstEventTimeoutMs: number;
  idleTimeoutMs: number;
}

const probeIntervalMs = 15_000;

export class OllamaBackend implements InferenceBackend {
  readonly name = "ollama";
  readonly translationVersion = 1;
  private readonly client: OllamaClient;
  private readonly shown = new Map<string, Promise<OllamaShow>>();

  constructor(private readonly options: OllamaBackendOptions) {
    this.client = new OllamaClient(options.baseUrl, options.connectTimeoutMs);
  }

  async listModels(): Promise<BackendModel[]> {
    const { models } = await this.client.tags();
    const digests = new Set(models.map(({ digest }) => digest));
    for (const digest of this.shown.keys()) if (!digests.has(digest)) this.shown.delete(digest);
    return Promise.all(
      models.map(async ({ name, digest, modified_at }) => ({
        name,
        digest,
        modifiedAt: modified_at,
        ...toAbilities(await this.show(name, digest)),
      })),
    );
  }

  async *generate(
    request: CanonicalRequest,
    model: ServedModel,
    signal: AbortSignal,
  ): AsyncGenerator<GenerationEvent> {
    const { firstEventTimeoutMs, idleTimeoutMs, connectTimeoutMs } = this.options;
    const limitMs = request.tools?.length ? firstEventTimeoutMs : idleTimeoutMs;
    const watch = new SilenceWatch({
      limitMs: firstEventTimeoutMs,
      probeIntervalMs: Math.max(probeIntervalMs, connectTimeoutMs),
      probe: () => this.client.probe(),
    });
    try {
      const lines = await this.open(request, model, AbortSignal.any([signal, watch.signal]));
      const chunks = heardBy(decodeJsonLines<OllamaChatChunk>(lines), () => watch.heard(limitMs));
      yield* cutAtStopSequence(toGenerationEvents(chunks), request.stop_sequences ?? []);
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
    answer.lines.resume();
  }

  async *pull(name: string, signal: AbortSignal): AsyncGenerator<number> {
    const answer = await this.client.pull(name, signal);
    if (!("lines" in answer)) throw mapOllamaError(answer.status, answer.error);
    yield* toPullPercent(refuseErrors(decodeJsonLines<OllamaPullChunk>(answer.lines)));
  }

  probe(): Promise<void> {
    return this.client.probe();
  }

  private async open(request: CanonicalRequest, model: ServedModel, signal: AbortSignal) {
    const answer = await this.client.chat(
      toOllamaChatRequest(request, model, this.options.keepAlive),
      signal,
    );
    if ("lines" in answer) return answer.lines;
    if (isContextOverflow(answer.status, answer.error))
      throw promptTooLong(Math.max(estimateTokens(request), model.contextLength + 1), model.contextLength);
    throw mapOllamaError(answer.status, answer.error);
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

async function* heardBy<T>(items: AsyncIterable<T>, hear: () => void): AsyncGenerator<T> {
  for await (const item of items) {
    hear();
    yield item;
  }
}

async function* refuseErrors(chunks: AsyncIterable<OllamaPullChunk>): AsyncGenerator<OllamaPullChunk> {
  for await (const chunk of chunks) {
    if (chunk.error !== undefined) throw mapOllamaError(500, chunk);
    yield chunk;
  }
}
