import type { GenerationTimings } from "#anthropic/events.js";
import type { Message, Usage } from "#anthropic/messages.js";
import { inferenceHeaders } from "#service-contracts/inference-headers.js";
import type { Neighbour } from "#service-contracts/cache-store.js";
import type { StoredEntry } from "#service-contracts/stored-entry.js";
import type { Question } from "./question.js";
import type { InferenceAnswer } from "../inference/inference-call.js";

export type CacheResult = "hit" | "miss" | "coalesced" | "bypass" | "refresh";

/** What is known about one request and its answer: the source of its headers, its log line and its metrics. */
export class Exchange {
  readonly startedAt = performance.now();
  question: Pick<Question, "requestedModel" | "key" | "givenHash" | "policy" | "caller"> | undefined;
  isStream = false;
  /** The whole answer has been sent. */
  isGiven = false;
  result: CacheResult | undefined;
  model: string | undefined;
  key: string | undefined;
  servedModel: string | undefined;
  usage: Usage | undefined;
  timings: GenerationTimings | undefined;
  /** What a hit saved. */
  gpuSeconds = 0;
  firstEventAt: number | undefined;
  /** The stored question nearest to one that missed, where the client asked for it. */
  nearest: Neighbour | undefined;
  private ageSeconds: number | undefined;
  private maxTokens: string | undefined;
  private readonly durationsMs = new Map<string, number>();

  get seconds(): number {
    return (performance.now() - this.startedAt) / 1000;
  }

  /** A miss that the client asked to be told of (`only-if-cached`), which is no failure. */
  get isToldMiss(): boolean {
    return this.result === "miss" && this.question?.policy.onlyIfCached === true;
  }

  noteQuestion(question: Question): void {
    const { requestedModel, key, givenHash, policy, caller, isStream, model } = question;
    this.question = { requestedModel, key, givenHash, policy, caller };
    this.isStream = isStream;
    this.model = model.id;
    this.key = key;
  }

  noteHit(entry: StoredEntry): void {
    this.result = "hit";
    this.servedModel = entry.servedModel;
    this.usage = entry.message.usage;
    this.gpuSeconds = entry.gpuSeconds;
    this.ageSeconds = Math.max(0, Math.floor((Date.now() - entry.storedAt) / 1000));
  }

  noteGeneration({ servedModel, maxTokens, isJoined }: InferenceAnswer): void {
    this.servedModel = servedModel;
    this.maxTokens = maxTokens;
    if (isJoined) this.result = "coalesced";
  }

  noteMessage(message: Message, timings: GenerationTimings | undefined): void {
    this.usage = message.usage;
    this.timings = timings;
    if (timings) {
      if (timings.queue_seconds !== undefined) this.durationsMs.set("queue", timings.queue_seconds * 1000);
      this.durationsMs.set("prefill", timings.prefill_seconds * 1000);
      this.durationsMs.set("decode", timings.decode_seconds * 1000);
    }
  }

  noteFirstEvent(): void {
    this.firstEventAt ??= performance.now();
  }

  async time<T>(name: string, work: () => T | Promise<T>): Promise<T> {
    const startedAt = performance.now();
    try {
      return await work();
    } finally {
      this.durationsMs.set(name, performance.now() - startedAt);
    }
  }

  toHeaders(): Record<string, string> {
    const headers: Record<string, string> = {};
    const put = (name: string, value: string | undefined) => {
      if (value !== undefined) headers[name] = value;
    };
    put("x-cache", this.result);
    put("x-cache-key", this.key);
    put("x-cache-debug", this.nearest && toAsciiJson(this.nearest));
    put("age", this.ageSeconds?.toString());
    put(inferenceHeaders.servedModel, this.servedModel && toAscii(this.servedModel));
    put(inferenceHeaders.maxTokens, this.maxTokens);
    let timing = "";
    for (const [name, ms] of this.durationsMs)
      timing += `${timing === "" ? "" : ", "}${name};dur=${ms.toFixed(1)}`;
    put("server-timing", timing === "" ? undefined : timing);
    return headers;
  }
}

/** A model may have any name; one that no header takes is URL-encoded. */
function toAscii(name: string): string {
  return /^[\x20-\x7e]+$/.test(name) ? name : encodeURIComponent(name.toWellFormed());
}

/** A header takes no other characters, and a path may have a field's name in it. */
function toAsciiJson(value: unknown): string {
  const toEscape = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return JSON.stringify(value).replaceAll(/[^\x20-\x7e]/g, toEscape);
}
