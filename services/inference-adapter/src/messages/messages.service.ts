import { Inject, Injectable } from "@nestjs/common";
import { createHash } from "node:crypto";
import { canonicalJson } from "#anthropic/canonical-json.js";
import { type CanonicalRequest, toCanonicalRequest } from "#anthropic/canonical-request.js";
import type { MessageStreamEvent } from "#anthropic/events.js";
import { parseCountTokensRequest, parseMessagesRequest } from "#anthropic/parse-messages-request.js";
import { inferenceHeaders } from "#service-contracts/inference-headers.js";
import { INFERENCE_BACKEND, type InferenceBackend } from "../backends/inference-backend.js";
import { frameMessageEvents } from "../framing/frame-message-events.js";
import { GenerationsService } from "../generations/generations.service.js";
import { Subscriptions } from "../generations/subscriptions.js";
import { checkAbilities } from "../models/check-abilities.js";
import { ModelsService } from "../models/models.service.js";
import { estimateTokens } from "../tokens/estimate-tokens.js";

export interface CreatedMessage {
  headers: Record<string, string>;
  events: AsyncIterable<MessageStreamEvent>;
}

@Injectable()
export class MessagesService {
  constructor(
    private readonly models: ModelsService,
    private readonly generations: GenerationsService,
    private readonly subscriptions: Subscriptions,
    @Inject(INFERENCE_BACKEND) private readonly backend: InferenceBackend,
  ) {}

  /** Starts or joins a generation. What can be refused is refused here, before any header. @throws ApiError */
  async create(body: unknown, cacheKey: string | undefined, signal: AbortSignal): Promise<CreatedMessage> {
    const request = this.read(body, cacheKey);
    const model = await this.models.find(request.model);
    checkAbilities(request, model);
    const inputTokens = estimateTokens(request);
    signal.throwIfAborted();
    const { generation, started } = this.generations.join(cacheKey ?? ownKey(request), (aborted) =>
      frameMessageEvents(this.backend.generate(request, model, aborted), {
        model: request.model,
        inputTokens,
      }),
    );
    const subscription = generation.subscribe(signal);
    return {
      headers: {
        [inferenceHeaders.fingerprint]: model.fingerprint,
        [inferenceHeaders.servedModel]: model.name,
        [inferenceHeaders.inputTokens]: String(inputTokens),
        [inferenceHeaders.generation]: started ? "started" : "joined",
        [inferenceHeaders.subscription]: subscription.id,
      },
      events: this.subscriptions.read(subscription),
    };
  }

  async countTokens(body: unknown): Promise<{ input_tokens: number }> {
    const request = toCanonicalRequest(parseCountTokensRequest(body));
    await this.models.find(request.model);
    return { input_tokens: estimateTokens(request) };
  }

  /** The gateway sends its requests in canonical form, with their key. */
  private read(body: unknown, cacheKey: string | undefined): CanonicalRequest {
    const request = parseMessagesRequest(body);
    return cacheKey === undefined ? toCanonicalRequest(request) : (request as CanonicalRequest);
  }
}

/** Requests that come without a key, from programs that talk to the adapter directly, share generations too. */
function ownKey(request: CanonicalRequest): string {
  return `direct:${createHash("sha256").update(canonicalJson(request)).digest("hex")}`;
}
