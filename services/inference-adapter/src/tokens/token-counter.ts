import { LRUCache } from "lru-cache";
import type { CanonicalRequest } from "#anthropic/canonical-request.js";
import type { ServedModel } from "../backends/inference-backend.js";
import { CountWorker } from "./count-worker.js";
import { estimateTokens, tokensPerImage } from "./estimate-tokens.js";
import { ModelCounter, type TokenCount } from "./model-counter.js";
import type { PromptCounter } from "./prompt-counter.js";
import type { PromptSource } from "./prompt-source.js";
import { TemplatesByModel } from "./templates-by-model.js";
import { Tokenizer } from "./tokenizer.js";
import { toPromptOutline } from "./to-prompt-outline.js";

export interface TokenCounterOptions {
  /** How long a request waits for a vocabulary that is being loaded. */
  vocabularyWaitMs: number;
  /** How long a request waits for a rendering. */
  renderWaitMs: number;
  /** How long a model is left alone after its vocabulary could not be read. */
  retryAfterMs: number;
}

const defaults: TokenCounterOptions = { vocabularyWaitMs: 3000, renderWaitMs: 1500, retryAfterMs: 30_000 };
/** A vocabulary of 151,000 tokens holds some 60 MB. */
const vocabulariesHeld = 2;

/** Counts the tokens of requests as the model's own tokenizer does. */
export class TokenCounter implements PromptCounter {
  private readonly options: TokenCounterOptions;
  private readonly worker = new CountWorker(() => this.models.clear());
  /** By digest: names move, vocabularies do not. */
  private readonly models = new LRUCache<string, Promise<ModelCounter | undefined>>({
    max: vocabulariesHeld,
    dispose: (_, digest) => this.worker.forget(digest),
  });

  constructor(
    private readonly source: PromptSource,
    options: Partial<TokenCounterOptions> = {},
    private readonly templates = new TemplatesByModel(source),
  ) {
    this.options = { ...defaults, ...options };
  }

  /** @throws ApiError where the request cannot be put to the model at all; the signal's reason */
  async count(request: CanonicalRequest, model: ServedModel, signal?: AbortSignal): Promise<TokenCount> {
    const prompt = this.source.toChatPrompt(request, model);
    try {
      const counter = await within(this.options.vocabularyWaitMs, this.counterOf(model));
      if (!counter) return { tokens: estimateTokens(request), isExact: false };
      const outline = toPromptOutline(prompt);
      const { tokens, isExact } = await counter.count(outline, model, {
        renderWaitMs: this.options.renderWaitMs,
        signal,
      });
      return { tokens: tokens + outline.images * tokensPerImage, isExact: isExact && outline.images === 0 };
    } catch {
      signal?.throwIfAborted();
      return { tokens: estimateTokens(request), isExact: false };
    }
  }

  /** Takes in what the backend counted for a request that it has answered. Never throws. */
  async learn(request: CanonicalRequest, model: ServedModel, promptTokens: number): Promise<void> {
    try {
      const counter = await this.counterOf(model);
      if (!counter) return;
      const outline = toPromptOutline(this.source.toChatPrompt(request, model));
      if (outline.images === 0) await counter.learn(outline, promptTokens);
    } catch {
      // The next answer teaches it again.
    }
  }

  /** Reads a model's vocabulary ahead of its first request. Never throws. */
  async prepare(model: ServedModel): Promise<void> {
    await this.counterOf(model).catch(() => undefined);
  }

  async close(): Promise<void> {
    await this.worker.close();
  }

  /** Undefined where the kind of vocabulary is not supported. A failure is kept for a while, then tried again. */
  private counterOf(model: ServedModel): Promise<ModelCounter | undefined> {
    const known = this.models.get(model.digest);
    if (known) return known;
    const loading = this.load(model);
    this.models.set(model.digest, loading);
    loading.catch(() => {
      setTimeout(() => {
        if (this.models.peek(model.digest) === loading) this.models.delete(model.digest);
      }, this.options.retryAfterMs).unref();
    });
    return loading;
  }

  private async load(model: ServedModel): Promise<ModelCounter | undefined> {
    const facts = await this.worker.load(model.digest, await this.source.readVocabulary(model));
    if (!facts) return undefined;
    const tokenizer = new Tokenizer(model.digest, facts, this.worker);
    return new ModelCounter(tokenizer, this.templates.of(model));
  }
}

/** The value, or undefined when it takes longer. */
async function within<Value>(milliseconds: number, value: Promise<Value>): Promise<Value | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), milliseconds);
  });
  try {
    return await Promise.race([value, late]);
  } finally {
    clearTimeout(timer);
  }
}
