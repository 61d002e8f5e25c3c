import { Injectable } from "@nestjs/common";
import { toCanonicalRequest } from "#anthropic/canonical-request.js";
import { ApiError } from "#anthropic/errors.js";
import type { MessageStreamEvent } from "#anthropic/events.js";
import type { ContentBlock } from "#anthropic/messages.js";
import { parseCountTokensRequest } from "#anthropic/parse-messages-request.js";
import { Shutdown } from "#platform/shutdown.js";
import type { JoinRule } from "#service-contracts/inference-headers.js";
import { RateLimits } from "../access/rate-limits/rate-limits.service.js";
import { AnswerCache } from "../caching/answer-cache.js";
import type { CachePolicy } from "../caching/is-cacheable.js";
import type { Replay } from "../caching/replay.js";
import type { InferenceAnswer } from "../inference/inference-call.js";
import { InferenceClient } from "../inference/inference.client.js";
import { ModelRouter } from "../models/model-router.js";
import { Deliveries } from "./deliveries.js";
import type { Exchange } from "./exchange.js";
import { MessagesMetrics } from "./messages.metrics.js";
import { OpenAnswers } from "./open-answers.js";
import { peekFirst } from "./peek-first.js";
import type { AskedQuestion, Caller, Question } from "./question.js";
import { QuestionsService } from "./questions.service.js";
import { type Recording, recordMessage } from "./record-message.js";
import { restampEvents } from "./restamp-events.js";
import { toSession } from "./to-session.js";

/** An answer as it comes: whole from the cache, or event by event. */
export type Answer = { replay: Replay } | { events: AsyncIterable<MessageStreamEvent> };

/** How long a failure may take to still get its own status, before the answer's headers go out. */
const earlyFailureMs = 2000;

/** A message's way through the gateway: question, cache, inference. */
@Injectable()
export class MessagesService {
  constructor(
    private readonly questions: QuestionsService,
    private readonly cache: AnswerCache,
    private readonly deliveries: Deliveries,
    private readonly router: ModelRouter,
    private readonly inference: InferenceClient,
    private readonly metrics: MessagesMetrics,
    private readonly openAnswers: OpenAnswers,
    private readonly limits: RateLimits,
    private readonly shutdown: Shutdown,
  ) {}

  /** The answer, from the cache or generated. What is found out is noted in `exchange`. @throws ApiError */
  create(body: unknown, caller: Caller, exchange: Exchange): Promise<Answer> {
    return this.shutdown.orEnd(this.answer(body, caller, exchange));
  }

  private async answer(body: unknown, caller: Caller, exchange: Exchange): Promise<Answer> {
    const question = await exchange.time("parse", () => this.questions.read(body, caller));
    exchange.noteQuestion(question);
    await this.deliveries.noteRequest(caller.connection, question.givenHash);
    const found = await exchange.time("cache", () => this.cache.find(this.toAsked(question)));
    if (found !== undefined && found !== "given") {
      exchange.noteHit(found.entry);
      this.inference.noteUse();
      return { replay: found.replay };
    }
    const { policy } = question;
    const isRefresh = found === "given" || !policy.isRead;
    if (policy.onlyIfCached) exchange.result = "miss";
    else exchange.result = !policy.isStored ? "bypass" : isRefresh ? "refresh" : "miss";
    if (policy.isDebug && exchange.result === "miss") exchange.nearest = await this.cache.nearest(question);
    if (policy.onlyIfCached)
      throw new ApiError("timeout_error", "The answer is not in the cache (only-if-cached)", {
        shouldRetry: false,
      });
    return { events: await this.generate(question, exchange, found === "given") };
  }

  /** The whole answer has been sent. That the client has it is known later. */
  noteSent({ question }: Exchange): void {
    if (question?.givenHash === undefined) return;
    const { key, givenHash, policy, caller } = question;
    // It is kept for a while: not with the whole question.
    const mark = () => this.cache.markGiven({ key, givenHash, policy });
    this.deliveries.noteSent(caller.connection, givenHash, mark);
  }

  async countTokens(body: unknown): Promise<{ input_tokens: number }> {
    const request = parseCountTokensRequest(body);
    const model = await this.shutdown.orEnd(this.router.resolve(request.model));
    const asked = { ...toCanonicalRequest(request), model: model.id };
    return this.shutdown.orEnd(this.inference.countTokens(asked));
  }

  /** Where the session's latest answer may have been lost on its way, it is asked for that one, not for another. */
  private toAsked(question: Question): Question {
    return this.deliveries.isUnproved(question.givenHash) ? { ...question, givenHash: undefined } : question;
  }

  private async generate(
    question: Question,
    exchange: Exchange,
    isAnother: boolean,
  ): Promise<AsyncIterable<MessageStreamEvent>> {
    const { canonical, ...asked } = question;
    const { model, policy, generationKey, refreshKey, caller } = asked;
    const { rawBody } = caller;
    caller.rawBody = undefined;
    const signal = AbortSignal.any([caller.client.signal, this.shutdown.signal]);
    const startedAt = performance.now();
    // Another answer is not the one that the others get; a retry of the same session joins it.
    const key = isAnother ? refreshKey : generationKey;
    const answer = await this.inference.create({
      request: canonical,
      rawBody,
      model,
      key,
      joins: chooseJoinRule(policy, isAnother),
      isReadWhole: !exchange.isStream,
      requestId: caller.requestId,
      ...toSession(caller.headers, caller.tenant),
      signal,
    });
    const noteBegun = (begun: InferenceAnswer) => {
      exchange.noteGeneration(begun);
      this.charge(caller, begun, { input: begun.inputTokens });
    };
    noteBegun(answer);
    answer.later?.then(noteBegun).catch(() => undefined);
    const open = this.openAnswers.open(key);
    // One reader of a generation is enough to record it; who began it pays for all of it.
    const leave = () => {
      if (open.isOnly || !answer.isJoined) return answer.leave();
      open.close();
      answer.drop();
    };
    if (caller.client.signal.aborted) leave();
    else caller.client.signal.addEventListener("abort", leave, { once: true });
    const recorded = recordMessage(answer.events, {
      onWhole: (recording) => {
        open.close();
        this.onWhole(asked, answer, recording, exchange);
      },
      onUntold: (output) => {
        open.close();
        this.charge(caller, answer, { output });
      },
    });
    const leftMs = Math.max(0, startedAt + earlyFailureMs - performance.now());
    const { isLate, items } = await peekFirst(recorded.read(signal), leftMs);
    return restampEvents(items, {
      model: asked.requestedModel,
      startsEarly: isLate,
      inputTokens: answer.inputTokens,
      onDelta: () => exchange.noteFirstEvent(),
    });
  }

  /** Who joins a generation does not pay for it. */
  private charge(
    { tenant }: Caller,
    { isJoined }: InferenceAnswer,
    tokens: { input?: number; output?: number },
  ): void {
    if (!isJoined) this.limits.charge(tenant, tokens);
  }

  /** Only whole answers come here; those with something in them are stored, and nobody waits for it. */
  private onWhole(
    question: AskedQuestion,
    answer: InferenceAnswer,
    recording: Recording,
    exchange: Exchange,
  ): void {
    exchange.noteMessage(recording.message, recording.timings);
    this.charge(question.caller, answer, { output: recording.message.usage.output_tokens });
    const { content, stop_reason } = recording.message;
    // A foreign server may not say why it ended: what may be cut is not kept.
    if (!question.policy.isStored || content.length === 0 || stop_reason === null) return;
    if (recording.hasLostCall || quotes(content, question.quotedIds)) return;
    void this.cache.store(question, answer, recording).then((isStored) => {
      if (!isStored) this.metrics.countStoreFailure();
    });
  }
}

/** Whoever asks the same has other ids. */
function quotes(content: ContentBlock[], ids: readonly string[]): boolean {
  if (ids.length === 0) return false;
  const said = JSON.stringify(content);
  return ids.some((id) => said.includes(id));
}

/** An answer that somebody has had already is of no use where it is stored nowhere; one that has ended has an age. */
function chooseJoinRule({ isStored, maxAgeSeconds }: CachePolicy, isAnother: boolean): JoinRule {
  if (maxAgeSeconds !== Infinity) return "running";
  return isStored && !isAnother ? "any" : "undelivered";
}
