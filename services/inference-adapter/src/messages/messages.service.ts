import { Inject, Injectable } from "@nestjs/common";
import { hash } from "node:crypto";
import { hashCanonicalJson } from "#anthropic/canonical-hash.js";
import { type CanonicalRequest, toCanonicalRequest } from "#anthropic/canonical-request.js";
import type { MessageStreamEvent } from "#anthropic/events.js";
import { hasUrlSource } from "#anthropic/has-url-source.js";
import { parseCountTokensRequest, parseMessagesRequest } from "#anthropic/parse-messages-request.js";
import type { JoinRule } from "#service-contracts/inference-headers.js";
import {
  type GenerateOptions,
  type GenerationEvent,
  INFERENCE_BACKEND,
  type InferenceBackend,
  type ServedModel,
} from "../backends/inference-backend.js";
import { generateAnswer, isConstrainedFirst } from "../answers/generate-answer.js";
import { CallLimit } from "../answers/call-limit.js";
import { type AnswerRule, toAnswerRule } from "../answers/to-answer-rule.js";
import { toAskedRequest } from "../answers/to-asked-request.js";
import { toPrefilledRequest } from "../answers/to-prefilled-request.js";
import { frameMessageEvents } from "../framing/frame-message-events.js";
import type { Subscription } from "../generations/generation.js";
import { GenerationsService } from "../generations/generations.service.js";
import { checkAbilities } from "../models/check-abilities.js";
import { ModelsService } from "../models/models.service.js";
import { PrefixWarmer } from "../models/prefix-warmer.service.js";
import { checkWholePrompt } from "../tokens/check-whole-prompt.js";
import { SourcesService } from "../sources/sources.service.js";
import { fitToWindow } from "../tokens/fit-to-window.js";
import type { TokenCount } from "../tokens/model-counter.js";
import { PromptCounter } from "../tokens/prompt-counter.js";
import { WorkMetrics } from "./work.metrics.js";

export interface CreatedMessage {
  model: ServedModel;
  inputTokens: number;
  /** Where the window leaves less than was asked for. */
  loweredMaxTokens: number | undefined;
  /** An identical question was under way already. */
  isJoined: boolean;
  subscription: Subscription;
}

/** With whom a request shares its generation. */
export interface Sharing {
  /** The cache key; undefined where the request does not come from a gateway. */
  key: string | undefined;
  joins: JoinRule;
  /** Whose turn it is, see `Claim`. */
  session: string;
  /** Within the session: requests whose prompts begin alike. */
  conversation: string;
}

export type Reading = Pick<GenerateOptions, "isReadWhole">;

@Injectable()
export class MessagesService {
  constructor(
    private readonly models: ModelsService,
    private readonly generations: GenerationsService,
    private readonly counter: PromptCounter,
    private readonly sources: SourcesService,
    private readonly work: WorkMetrics,
    private readonly warmer: PrefixWarmer,
    @Inject(INFERENCE_BACKEND) private readonly backend: InferenceBackend,
  ) {}

  /** Starts or joins a generation. What can be refused is refused here, before any header. @throws ApiError */
  async create(
    body: unknown,
    sharing: Sharing & Reading & { model: string | undefined },
    signal: AbortSignal,
  ): Promise<CreatedMessage> {
    return this.createCanonical(read(body, sharing.model), sharing, signal);
  }

  /** As `create`, for a request that a gateway has checked and put into canonical form. */
  async createCanonical(
    given: CanonicalRequest,
    { key, joins, session, conversation, isReadWhole }: Sharing & Reading,
    signal: AbortSignal,
  ): Promise<CreatedMessage> {
    const model = await this.models.find(given.model);
    checkAbilities(given, model);
    const { request, rule, asked } = await this.toAsked(given, signal);
    const count = await this.counter.count(asked, model, signal);
    const maxTokens = this.fit(count, model, request.max_tokens);
    signal.throwIfAborted();
    const prefixKey = toPrefixKey(asked, model);
    this.warmer.note(asked, model, prefixKey);
    const { generation, started } = this.generations.join(
      toGenerationKey(key, given, request),
      { session, prefix: `${conversation} ${prefixKey}`, promptTokens: count.tokens },
      (aborted, onHeard, queueSeconds) =>
        this.generate({ ...request, max_tokens: maxTokens }, rule, model, count, aborted, {
          isReadWhole,
          onHeard,
          queueSeconds,
        }),
      joins,
    );
    return {
      model,
      inputTokens: count.tokens,
      loweredMaxTokens: maxTokens === request.max_tokens ? undefined : maxTokens,
      isJoined: !started,
      subscription: generation.subscribe(signal),
    };
  }

  async countTokens(body: unknown, signal: AbortSignal): Promise<{ input_tokens: number }> {
    const request = toCanonicalRequest(parseCountTokensRequest(body));
    const model = await this.models.find(request.model);
    const { asked } = await this.toAsked(request, signal);
    const { tokens } = await this.counter.count(asked, model, signal);
    return { input_tokens: tokens };
  }

  /** The request as the model can be shown it, what it demands of the answer, and how the model is asked first. */
  private async toAsked(given: CanonicalRequest, signal: AbortSignal): Promise<Asked> {
    const request = toPrefilledRequest(await this.sources.inline(given, signal));
    const rule = toAnswerRule(request);
    return {
      request,
      rule,
      asked: toAskedRequest(request, rule, isConstrainedFirst(rule, this.backend.forcesCalls)),
    };
  }

  private fit(count: TokenCount, model: ServedModel, maxTokens: number | undefined): number | undefined {
    try {
      return fitToWindow(count, model.contextLength, maxTokens);
    } catch (error) {
      this.work.countIfTooLong(error);
      throw error;
    }
  }

  private generate(
    request: CanonicalRequest,
    rule: AnswerRule,
    model: ServedModel,
    count: TokenCount,
    signal: AbortSignal,
    { queueSeconds, ...options }: GenerateOptions & { queueSeconds: number },
  ): AsyncIterable<MessageStreamEvent> {
    const run = (asked: CanonicalRequest) =>
      this.watch(
        this.backend.generate(asked, model, signal, { ...options, promptTokens: count.tokens }),
        asked,
        model,
        count,
      );
    const answer = generateAnswer(request, rule, run, this.backend.forcesCalls);
    return frameMessageEvents(answer, { model: request.model, inputTokens: count.tokens, queueSeconds });
  }

  /** One generation, checked and measured. All in one place: each layer that an event passes costs it more. */
  private async *watch(
    events: AsyncIterable<GenerationEvent>,
    asked: CanonicalRequest,
    model: ServedModel,
    count: TokenCount,
  ): AsyncGenerator<GenerationEvent> {
    const calls = new CallLimit();
    try {
      for await (const event of events) {
        calls.check(event);
        if (event.type === "end") {
          await checkWholePrompt(event, {
            count,
            contextLength: model.contextLength,
            loadedContextLength: async () => this.backend.loadedContextLength?.(model),
            onCounted: (promptTokens) => void this.counter.learn(asked, model, promptTokens),
          });
          this.work.count(event, count.tokens);
        }
        yield event;
      }
    } catch (error) {
      this.work.countIfTooLong(error);
      throw error;
    }
  }
}

/** The gateway passes on what its client wrote, in which the model may have another name. */
function read(body: unknown, model: string | undefined): CanonicalRequest {
  const request = toCanonicalRequest(parseMessagesRequest(body));
  return model === undefined ? request : { ...request, model };
}

/** Names what the turns of one conversation have in common: its system prompt and tools stand at the front. */
function toPrefixKey({ system, tools }: CanonicalRequest, { digest }: ServedModel): string {
  return hash("sha256", JSON.stringify([digest, system, tools]), "base64url");
}

interface Asked {
  request: CanonicalRequest;
  rule: AnswerRule;
  asked: CanonicalRequest;
}

/**
 * Identical questions share a generation. Requests that come without a key, from programs that talk to the adapter
 * directly, do too. A URL may lead to something else each time, so what was fetched is part of the question.
 */
function toGenerationKey(
  key: string | undefined,
  given: CanonicalRequest,
  inlined: CanonicalRequest,
): string {
  if (hasUrlSource(given)) return `${key ?? "direct"}:${hashCanonicalJson(inlined)}`;
  return key ?? `direct:${hashCanonicalJson(given)}`;
}
