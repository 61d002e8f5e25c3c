import { randomInt } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { CanonicalRequest } from "#anthropic/canonical-request.js";
import { clientTools } from "#anthropic/client-tools.js";
import type { ApiError } from "#anthropic/errors.js";
import { readBody } from "#platform/read-body.js";
import { readOut } from "#platform/read-out.js";
import { estimateTokens } from "../../tokens/estimate-tokens.js";
import { leastRoom } from "../../tokens/fit-to-window.js";
import { promptTooLong } from "../../tokens/prompt-too-long.js";
import { rescueToolCalls } from "../../tool-rescue/rescue-tool-calls.js";
import type { Rescue } from "../../tool-rescue/tool-rescue.metrics.js";
import { cutAtStopSequence } from "../cut-at-stop-sequence.js";
import type {
  BackendModel,
  GenerateOptions,
  GenerationEvent,
  InferenceBackend,
  ServedModel,
} from "../inference-backend.js";
import { retryLostCall } from "../retry-lost-call.js";
import { watchSilence } from "../watch-silence.js";
import { decodeChunks } from "./decode-chunks.js";
import { mapOpenAiError, parseServerError, type ServerError } from "./map-openai-error.js";
import { toModelServerError } from "./openai.client.js";
import type { OpenAiServer } from "./openai-server.js";
import type { ChatChunk, ChatRequest } from "./openai-wire.js";
import { parseContextOverflow } from "./parse-context-overflow.js";
import { toChatRequest } from "./to-chat-request.js";
import { toGenerationEvents } from "./to-generation-events.js";
import { toRoom } from "./to-room.js";

export interface OpenAiCompatibleOptions {
  firstEventTimeoutMs: number;
  idleTimeoutMs: number;
  /** How long the server may be silent before it is probed. */
  probeIntervalMs?: number;
  /** Called for each tool call that was recovered, and for each generation that was run again. */
  onRescue?: (kind: Rescue) => void;
}

/** vLLM, SGLang, llama.cpp's server, LM Studio. They load their models themselves, each with one window. */
export class OpenAiCompatibleBackend implements InferenceBackend {
  readonly name = "openai-compatible";
  readonly translationVersion = 3;
  readonly cancelsInPrefill = true;
  readonly forcesCalls = true;

  constructor(
    private readonly server: OpenAiServer,
    private readonly options: OpenAiCompatibleOptions,
  ) {}

  listModels(): Promise<BackendModel[]> {
    return this.server.listModels();
  }

  probe(): Promise<void> {
    return this.server.client.probe();
  }

  generate(
    request: CanonicalRequest,
    model: ServedModel,
    signal: AbortSignal,
    { onHeard }: GenerateOptions = {},
  ): AsyncGenerator<GenerationEvent> {
    const { firstEventTimeoutMs, idleTimeoutMs, probeIntervalMs } = this.options;
    // Some parsers hold a call's argument back until it is complete, as long as a large file takes to write.
    const limitMs = request.tools?.length ? firstEventTimeoutMs : idleTimeoutMs;
    return watchSilence(
      { limitMs: firstEventTimeoutMs, probeIntervalMs, probe: () => this.probe() },
      signal,
      (watched) => {
        const hear = () => {
          watched.hear(limitMs);
          onHeard?.();
        };
        return retryLostCall(
          (attempt) => this.attempt(request, model, attempt, watched.signal, hear),
          () => this.options.onRescue?.("retry"),
        );
      },
      toModelServerError,
    );
  }

  private async *attempt(
    request: CanonicalRequest,
    model: ServedModel,
    attempt: number,
    signal: AbortSignal,
    hear: () => void,
  ): AsyncGenerator<GenerationEvent> {
    const chat = toChatRequest(request, model.name, this.server.traits);
    // vLLM refuses more than the window whatever the prompt is.
    if (chat.max_tokens !== undefined) chat.max_tokens = Math.min(chat.max_tokens, model.contextLength);
    if (attempt > 0) chat.seed = randomInt(2 ** 31);
    const now = () => performance.now();
    const chunks = readChunks(await this.open(chat, request, model, signal), hear);
    const toError = (body: unknown) => toRefusal(parseServerError(undefined, body), request, model);
    const tools = request.output_config?.format ? [] : clientTools(request);
    const answer = toGenerationEvents(chunks, { offersTools: tools.length > 0, toError, now });
    const events = refuseEmptyOverflow(answer, model);
    yield* rescueToolCalls(cutAtStopSequence(events, request.stop_sequences ?? []), tools, ({ kind }) =>
      this.options.onRescue?.(kind),
    );
  }

  /** A server that refuses the answer's length, and not the prompt's, is asked for less. */
  private async open(
    chat: ChatRequest,
    request: CanonicalRequest,
    model: ServedModel,
    signal: AbortSignal,
  ): Promise<IncomingMessage> {
    const answer = await this.server.client.chat(chat, signal);
    if ("events" in answer) return answer.events;
    const overflow = parseContextOverflow(answer.error, answer.message);
    const room = overflow && toRoom(overflow, chat.max_tokens, model.contextLength, estimateTokens(request));
    if (room === undefined) throw toRefusal(answer, request, model);
    return this.open({ ...chat, max_tokens: room }, request, model, signal);
  }
}

function toRefusal(error: ServerError, request: CanonicalRequest, { contextLength }: ServedModel): ApiError {
  const overflow = parseContextOverflow(error.error, error.message);
  if (!overflow) return mapOpenAiError(error);
  const window = Math.min(overflow.contextLength ?? contextLength, contextLength);
  const maximum = window - leastRoom(window, request.max_tokens);
  const { promptTokens, isAtLeast } = overflow;
  const tokens = promptTokens === undefined || isAtLeast ? estimateTokens(request) : promptTokens;
  return promptTooLong(Math.max(tokens, promptTokens ?? 0, maximum + 1), maximum);
}

/** LM Studio's llama.cpp engine answers a prompt that does not fit with nothing at all. */
async function* refuseEmptyOverflow(
  events: AsyncIterable<GenerationEvent>,
  { contextLength }: ServedModel,
): AsyncGenerator<GenerationEvent> {
  let isEmpty = true;
  for await (const event of events) {
    if (event.type === "end" && isEmpty && (event.inputTokens ?? 0) > contextLength)
      throw promptTooLong(event.inputTokens ?? 0, contextLength);
    isEmpty = false;
    yield event;
  }
}

/** What is behind the last event is read too where the answer is whole, so that the connection can be used again. */
async function* readChunks(body: IncomingMessage, hear: () => void): AsyncGenerator<ChatChunk> {
  let isWhole = false;
  try {
    for await (const chunk of decodeChunks(readBody(body))) {
      hear();
      yield chunk;
    }
    isWhole = true;
  } finally {
    if (isWhole) readOut(body);
    else body.destroy();
  }
}
