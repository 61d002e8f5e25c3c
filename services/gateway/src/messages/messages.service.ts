import { Injectable } from "@nestjs/common";
import type { IncomingHttpHeaders } from "node:http";
import { type CanonicalRequest, toCanonicalRequest } from "#anthropic/canonical-request.js";
import { ApiError } from "#anthropic/errors.js";
import type { MessageStreamEvent } from "#anthropic/events.js";
import { messageToEvents } from "#anthropic/message-to-events.js";
import type { Message, MessagesRequest } from "#anthropic/messages.js";
import { parseCountTokensRequest, parseMessagesRequest } from "#anthropic/parse-messages-request.js";
import { Shutdown } from "#platform/shutdown.js";
import type { ModelCard } from "#service-contracts/model-card.js";
import { type StoredEntry, storedEntryVersion } from "#service-contracts/stored-entry.js";
import { CacheClient } from "../caching/cache.client.js";
import { hashRequest, toCacheKey } from "../caching/cache-key.js";
import { type CachePolicy, isCacheable } from "../caching/is-cacheable.js";
import { replayMessage } from "../caching/replay-message.js";
import { GatewayConfig } from "../gateway.config.js";
import { type InferenceAnswer, InferenceClient } from "../inference/inference.client.js";
import { ModelRouter } from "../models/model-router.js";
import type { Exchange } from "./exchange.js";
import { MessagesMetrics } from "./messages.metrics.js";
import { peekFirst } from "./peek-first.js";
import { type Recording, recordMessage } from "./record-message.js";
import { restampEvents } from "./restamp-events.js";

export interface Caller {
  headers: IncomingHttpHeaders;
  tenant: string;
  requestId: string;
  signal: AbortSignal;
}

/** How long a failure may take to still get its own status, before the answer's headers go out. */
const earlyFailureMs = 2000;

/** One question with all that was found out about it on the way. */
interface Question {
  request: MessagesRequest;
  canonical: CanonicalRequest;
  requestHash: string;
  key: string;
  model: ModelCard;
  policy: CachePolicy;
  caller: Caller;
}

/** A message's way through the gateway: model, key, cache, inference. */
@Injectable()
export class MessagesService {
  constructor(
    private readonly config: GatewayConfig,
    private readonly router: ModelRouter,
    private readonly cache: CacheClient,
    private readonly inference: InferenceClient,
    private readonly shutdown: Shutdown,
    private readonly metrics: MessagesMetrics,
  ) {}

  /** The events of the answer, from the cache or generated. What is found out is noted in `exchange`. @throws ApiError */
  async create(
    body: unknown,
    caller: Caller,
    exchange: Exchange,
  ): Promise<AsyncIterable<MessageStreamEvent>> {
    const question = await this.understand(body, caller, exchange);
    const entry = await exchange.time("cache", () => this.lookUp(question));
    if (entry) {
      exchange.noteHit(entry);
      return replay(replayMessage(entry.message, question.request.model));
    }
    exchange.result = !question.policy.isStored ? "bypass" : question.policy.isRead ? "miss" : "refresh";
    if (question.policy.onlyIfCached)
      throw new ApiError("timeout_error", "The answer is not in the cache (only-if-cached)", {
        shouldRetry: false,
      });
    return this.generate(question, exchange);
  }

  async countTokens(body: unknown): Promise<{ input_tokens: number }> {
    const request = parseCountTokensRequest(body);
    const model = await this.router.resolve(request.model);
    return this.inference.countTokens({ ...toCanonicalRequest(request), model: model.id });
  }

  private async understand(body: unknown, caller: Caller, exchange: Exchange): Promise<Question> {
    const request = parseMessagesRequest(body);
    exchange.isStream = request.stream === true;
    const { CACHE_TTL: ttlSeconds, CACHE_MAX_TTL: maxTtlSeconds, CACHE_SAMPLED: cacheSampled } = this.config;
    const policy = isCacheable(request, caller.headers, { ttlSeconds, maxTtlSeconds, cacheSampled });
    const model = await this.router.resolve(request.model);
    return exchange.time("parse", () => {
      const canonical = { ...toCanonicalRequest(request), model: model.id };
      const requestHash = hashRequest(canonical);
      const key = toCacheKey(requestHash, {
        tenant: caller.tenant,
        fingerprint: model.fingerprint ?? model.id,
      });
      exchange.noteQuestion(model.id, key);
      return { request, canonical, requestHash, key, model, policy, caller };
    });
  }

  private async lookUp({ policy, key }: Question): Promise<StoredEntry | undefined> {
    if (!policy.isRead) return undefined;
    const entry = await this.cache.get(key);
    const isFresh = entry && (Date.now() - entry.storedAt) / 1000 <= policy.maxAgeSeconds;
    return isFresh ? entry : undefined;
  }

  private async generate(question: Question, exchange: Exchange): Promise<AsyncIterable<MessageStreamEvent>> {
    const { canonical, model, key, policy, caller, request } = question;
    const answer = await this.inference.create({
      request: canonical,
      model,
      key: policy.isStored && policy.isRead ? key : undefined,
      requestId: caller.requestId,
      signal: caller.signal,
    });
    exchange.noteGeneration(answer);
    caller.signal.addEventListener("abort", answer.leave, { once: true });
    const log = recordMessage(answer.events, (recording) =>
      this.onWhole(question, answer, recording, exchange),
    );
    const { isLate, items } = await peekFirst(
      log.read(AbortSignal.any([caller.signal, this.shutdown.signal])),
      earlyFailureMs,
    );
    return restampEvents(items, {
      model: request.model,
      startsEarly: isLate,
      inputTokens: answer.inputTokens,
    });
  }

  /** Only whole answers with something in them come here and are stored; nobody waits for it. */
  private onWhole(
    question: Question,
    answer: InferenceAnswer,
    recording: Recording,
    exchange: Exchange,
  ): void {
    const { message, timings } = recording;
    exchange.noteMessage(message, timings);
    if (!question.policy.isStored || message.content.length === 0) return;
    const { requestHash, caller, model, policy } = question;
    const fingerprint = answer.fingerprint ?? model.fingerprint ?? model.id;
    const key = toCacheKey(requestHash, { tenant: caller.tenant, fingerprint });
    void this.cache
      .put(key, toEntry(message, answer.servedModel, timings), policy.ttlSeconds)
      .then((isStored) => {
        if (!isStored) this.metrics.countStoreFailure();
      });
  }
}

function toEntry(message: Message, servedModel: string, timings: Recording["timings"]): StoredEntry {
  return {
    version: storedEntryVersion,
    storedAt: Date.now(),
    servedModel,
    gpuSeconds: (timings?.prefill_seconds ?? 0) + (timings?.decode_seconds ?? 0),
    message,
  };
}

async function* replay(message: Message): AsyncGenerator<MessageStreamEvent> {
  yield* messageToEvents(message);
}
