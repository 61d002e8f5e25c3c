import { Inject, Injectable } from "@nestjs/common";
import { hashCanonicalJson } from "#anthropic/canonical-hash.js";
import { type CanonicalRequest, toCanonicalRequest } from "#anthropic/canonical-request.js";
import type { MessageStreamEvent } from "#anthropic/events.js";
import { parseCountTokensRequest, parseMessagesRequest } from "#anthropic/parse-messages-request.js";
import { inferenceHeaders } from "#service-contracts/inference-headers.js";
import { INFERENCE_BACKEND, type InferenceBackend, type ServedModel } from "../backends/inference-backend.js";
import { frameMessageEvents } from "../framing/frame-message-events.js";
import { GenerationsService } from "../generations/generations.service.js";
import { Subscriptions } from "../generations/subscriptions.js";
import { checkAbilities } from "../models/check-abilities.js";
import { ModelsService } from "../models/models.service.js";
import { checkWholePrompt } from "../tokens/check-whole-prompt.js";
import { fitToWindow } from "../tokens/fit-to-window.js";
import type { TokenCount } from "../tokens/model-counter.js";
import { PromptCounter } from "../tokens/prompt-counter.js";
import { WorkMetrics } from "./work.metrics.js";

export interface CreatedMessage {
  headers: Record<string, string>;
  events: AsyncIterable<MessageStreamEvent>;
}

/** With whom a request shares its generation. */
export interface Sharing {
  /** The cache key; undefined where the request does not come from a gateway. */
  key: string | undefined;
  /** True: not with a generation whose answer somebody has had already. */
  isAnew: boolean;
}

@Injectable()
export class MessagesService {
  constructor(
    private readonly models: ModelsService,
    private readonly generations: GenerationsService,
    private readonly subscriptions: Subscriptions,
    private readonly counter: PromptCounter,
    private readonly work: WorkMetrics,
    @Inject(INFERENCE_BACKEND) private readonly backend: InferenceBackend,
  ) {}

  /** Starts or joins a generation. What can be refused is refused here, before any header. @throws ApiError */
  async create(body: unknown, { key, isAnew }: Sharing, signal: AbortSignal): Promise<CreatedMessage> {
    const request = this.read(body, key);
    const model = await this.models.find(request.model);
    checkAbilities(request, model);
    const count = await this.counter.count(request, model);
    const maxTokens = this.fit(count, model, request.max_tokens);
    signal.throwIfAborted();
    const { generation, started } = this.generations.join(
      key ?? ownKey(request),
      (aborted) => this.generate({ ...request, max_tokens: maxTokens }, model, count, aborted),
      isAnew,
    );
    const subscription = generation.subscribe(signal);
    return {
      headers: {
        [inferenceHeaders.fingerprint]: model.fingerprint,
        [inferenceHeaders.servedModel]: model.name,
        [inferenceHeaders.inputTokens]: String(count.tokens),
        [inferenceHeaders.generation]: started ? "started" : "joined",
        [inferenceHeaders.subscription]: subscription.id,
        ...(maxTokens === request.max_tokens ? {} : { [inferenceHeaders.maxTokens]: String(maxTokens) }),
      },
      events: this.subscriptions.read(subscription),
    };
  }

  async countTokens(body: unknown): Promise<{ input_tokens: number }> {
    const request = toCanonicalRequest(parseCountTokensRequest(body));
    const { tokens } = await this.counter.count(request, await this.models.find(request.model));
    return { input_tokens: tokens };
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
    model: ServedModel,
    count: TokenCount,
    signal: AbortSignal,
  ): AsyncIterable<MessageStreamEvent> {
    const checked = checkWholePrompt(this.backend.generate(request, model, signal), {
      count,
      contextLength: model.contextLength,
      loadedContextLength: async () => this.backend.loadedContextLength?.(model),
      onCounted: (promptTokens) => void this.counter.learn(request, model, promptTokens),
    });
    return frameMessageEvents(this.work.measure(checked, count.tokens), {
      model: request.model,
      inputTokens: count.tokens,
    });
  }

  /** The gateway sends its requests in canonical form, with their key. */
  private read(body: unknown, cacheKey: string | undefined): CanonicalRequest {
    const request = parseMessagesRequest(body);
    return cacheKey === undefined ? toCanonicalRequest(request) : (request as CanonicalRequest);
  }
}

/** Requests that come without a key, from programs that talk to the adapter directly, share generations too. */
function ownKey(request: CanonicalRequest): string {
  return `direct:${hashCanonicalJson(request)}`;
}
