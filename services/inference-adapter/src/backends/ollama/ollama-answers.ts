import { randomInt } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { clientTools } from "#anthropic/client-tools.js";
import type { CanonicalRequest } from "#anthropic/canonical-request.js";
import { rescueToolCalls } from "../../tool-rescue/rescue-tool-calls.js";
import type { Rescue } from "../../tool-rescue/tool-rescue.metrics.js";
import { cutAtStopSequence } from "../cut-at-stop-sequence.js";
import type { GenerationEvent, ServedModel } from "../inference-backend.js";
import { retryLostCall } from "../retry-lost-call.js";
import type { OllamaModels } from "./ollama-models.js";
import type { OllamaPromptSource } from "./ollama-prompt-source.js";
import type { OllamaChatChunk, OllamaChatRequest, OllamaRawChunk } from "./ollama-wire.js";
import type { OllamaClient } from "./ollama.client.js";
import type { OllamaRequests } from "./raw/ollama-requests.js";
import type { RawPrompts } from "./raw/raw-prompts.js";
import { readWritten } from "./raw/read-written.js";
import { toWrittenEvents } from "./raw/to-written-events.js";
import { linesOf, readChunks, type Reading } from "./read-chunks.js";
import { toGenerationEvents } from "./to-generation-events.js";
import { toOllamaRawRequest } from "./to-ollama-chat-request.js";

export interface OllamaAnswersOptions {
  /** How requests are put to the model, and in which mode. */
  requests: OllamaRequests;
  prompts: OllamaPromptSource;
  /** Renders the prompts of the raw mode. */
  rawPrompts: RawPrompts;
  /** Called for each tool call that was recovered, and for each generation that was run again. */
  onRescue?: (kind: Rescue) => void;
}

/** A request as it goes to Ollama: with a rendered prompt it goes the raw way. */
export interface PreparedRequest {
  chat: OllamaChatRequest;
  prompt: string | undefined;
}

/** What Ollama generates for a request, as events: by chat, or raw and read here. */
export class OllamaAnswers {
  constructor(
    private readonly client: OllamaClient,
    private readonly models: OllamaModels,
    private readonly options: OllamaAnswersOptions,
  ) {}

  /** Generated once more where its call was lost; `toReading` is asked before each time. */
  read(
    request: CanonicalRequest,
    model: ServedModel,
    signal: AbortSignal,
    toReading: (prepared: PreparedRequest) => Reading,
  ): AsyncGenerator<GenerationEvent> {
    const preparing = this.prepare(request, model, signal);
    return retryLostCall(
      async (attempt) => {
        const { chat, prompt } = await preparing;
        const reading = toReading({ chat, prompt });
        if (attempt > 0) chat.options.seed = randomInt(2 ** 31);
        return prompt === undefined
          ? this.readChat(request, model, chat, signal, reading)
          : this.readRaw(request, model, { chat, prompt }, attempt, signal, reading);
      },
      () => this.onRescue("retry"),
    );
  }

  /**
   * What is not known of the rendered prompt is rendered by Ollama, which wants the model loaded: there is a slot for it
   * now. Where that fails the chat path says why.
   */
  private async prepare(
    request: CanonicalRequest,
    model: ServedModel,
    signal: AbortSignal,
  ): Promise<PreparedRequest> {
    const { requests } = this.options;
    const { chat, isRaw } = requests.build(request, model);
    if (!isRaw) return { chat, prompt: undefined };
    const prompt = await this.render(chat, model, signal).catch((error: unknown) => {
      if (signal.aborted) throw error;
      return undefined;
    });
    return { chat: prompt === undefined ? requests.toChat(request, model) : chat, prompt };
  }

  private async render(
    chat: OllamaChatRequest,
    model: ServedModel,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const { requests, rawPrompts } = this.options;
    const isReadable = requests.isReadable(model);
    const known = isReadable ? rawPrompts.find(chat, model) : undefined;
    if (known !== undefined) return known;
    await this.models.loadWhereNeeded(model, signal);
    if (isReadable === undefined) requests.noteReadable(model, await rawPrompts.isReadable(model));
    return requests.isReadable(model) ? await rawPrompts.render(chat, model) : undefined;
  }

  private async readChat(
    request: CanonicalRequest,
    model: ServedModel,
    chat: OllamaChatRequest,
    signal: AbortSignal,
    reading: Reading,
  ): Promise<AsyncIterable<GenerationEvent>> {
    const chunks = readChunks<OllamaChatChunk>(await this.open(chat, reading, model, signal), reading);
    const events = cutAtStopSequence(toGenerationEvents(chunks), request.stop_sequences ?? []);
    const tools = request.output_config?.format ? [] : clientTools(request);
    return rescueToolCalls(events, tools, ({ kind }) => this.onRescue(kind));
  }

  private async readRaw(
    request: CanonicalRequest,
    model: ServedModel,
    { chat, prompt }: { chat: OllamaChatRequest; prompt: string },
    attempt: number,
    signal: AbortSignal,
    reading: Reading,
  ): Promise<AsyncIterable<GenerationEvent>> {
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
      isReadWhole: reading.isReadWhole,
      onRescue: ({ kind }) => this.onRescue(kind),
      onWhole: (blocks, written) => this.options.requests.written.remember(model.digest, blocks, written),
    });
  }

  private async open(
    chat: OllamaChatRequest,
    reading: Reading,
    model: ServedModel,
    signal: AbortSignal,
  ): Promise<IncomingMessage> {
    const prompt = await this.findRawPrompt(chat, model, signal);
    const answer =
      prompt === undefined
        ? await this.client.chat(chat, signal)
        : await this.client.generateRaw(toOllamaRawRequest(chat, prompt), signal);
    return linesOf(answer, reading, model);
  }

  /**
   * The prompt of an answer that is gone on with, where `/api/chat` would begin it anew. Undefined too where this
   * Ollama does not tell how it renders: then it goes on by itself or not at all.
   */
  private async findRawPrompt(
    chat: OllamaChatRequest,
    model: ServedModel,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    if (chat.messages.at(-1)?.role !== "assistant") return undefined;
    await this.models.load(model, signal);
    const { messages, tools = [], think } = chat;
    const continued = await this.options.prompts
      .toContinued({ messages, tools, think }, model)
      .catch(() => undefined);
    return continued?.isOfChat === false ? continued.prompt : undefined;
  }

  private onRescue(kind: Rescue): void {
    this.options.onRescue?.(kind);
  }
}
