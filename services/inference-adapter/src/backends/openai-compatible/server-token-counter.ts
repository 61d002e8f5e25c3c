import { LRUCache } from "lru-cache";
import { hash } from "node:crypto";
import type { CanonicalRequest } from "#anthropic/canonical-request.js";
import type { ServedModel } from "../inference-backend.js";
import { estimateTokens, tokensPerImage } from "../../tokens/estimate-tokens.js";
import type { TokenCount } from "../../tokens/model-counter.js";
import type { PromptCounter } from "../../tokens/prompt-counter.js";
import type { OpenAiServer } from "./openai-server.js";
import type { ChatPrompt } from "./openai-wire.js";
import { toChatPrompt } from "./to-chat-request.js";
import { toTextPrompt } from "./to-text-prompt.js";

/** A request does not wait longer for a count. */
const countTimeoutMs = 3000;
/** How long a server is left alone after it could not count. */
const retryAfterMs = 30_000;

/**
 * Counts with the tokenizer of the server: vLLM's and llama.cpp's count a chat with its tools as the model will read
 * it. Elsewhere the length is estimated, by what the answers so far have told of the model's tokens.
 */
export class ServerTokenCounter implements PromptCounter {
  private readonly counts = new LRUCache<string, number>({ max: 500 });
  private readonly tokensPerEstimate = new LRUCache<string, number>({ max: 100 });
  private readonly doubtful = new Set<string>();
  private silentUntil = -Infinity;

  constructor(private readonly server: OpenAiServer) {}

  async count(request: CanonicalRequest, model: ServedModel): Promise<TokenCount> {
    const prompt = toChatPrompt(request, model.name, this.server.traits);
    const { prompt: texts, images } = toTextPrompt(prompt);
    const tokens = await this.ask(texts);
    if (tokens === undefined) return { tokens: this.estimate(request, model), isExact: false };
    return {
      tokens: tokens + images * tokensPerImage,
      isExact: images === 0 && !this.doubtful.has(model.digest),
    };
  }

  async learn(request: CanonicalRequest, model: ServedModel, promptTokens: number): Promise<void> {
    const prompt = toChatPrompt(request, model.name, this.server.traits);
    if (toTextPrompt(prompt).images > 0) return;
    const counted = this.counts.get(toKey(prompt));
    if (counted !== undefined && counted !== promptTokens) this.doubtful.add(model.digest);
    else if (counted !== undefined) this.doubtful.delete(model.digest);
    this.tokensPerEstimate.set(model.digest, promptTokens / estimateTokens(request));
  }

  async prepare(): Promise<void> {
    // The server has its tokenizer already.
  }

  async close(): Promise<void> {
    // Nothing is held.
  }

  private estimate(request: CanonicalRequest, { digest }: ServedModel): number {
    return Math.ceil(estimateTokens(request) * (this.tokensPerEstimate.get(digest) ?? 1));
  }

  /** Undefined where the server cannot count, or not now. */
  private async ask(prompt: ChatPrompt): Promise<number | undefined> {
    const key = toKey(prompt);
    const known = this.counts.get(key);
    if (known !== undefined) return known;
    if (performance.now() < this.silentUntil) return undefined;
    try {
      const tokens = await this.askServer(prompt);
      if (tokens !== undefined) this.counts.set(key, tokens);
      return tokens;
    } catch {
      this.silentUntil = performance.now() + retryAfterMs;
      return undefined;
    }
  }

  private async askServer(prompt: ChatPrompt): Promise<number | undefined> {
    const { kind, client } = this.server;
    if (kind === "vllm") {
      const answer = await client.post("/tokenize", prompt, countTimeoutMs);
      return toCount((answer as { count?: unknown }).count);
    }
    if (kind === "llama.cpp") {
      const answer = await client.post("/v1/chat/completions/input_tokens", prompt, countTimeoutMs);
      return toCount((answer as { input_tokens?: unknown }).input_tokens);
    }
    return undefined;
  }
}

function toCount(count: unknown): number {
  if (typeof count === "number" && count >= 0) return count;
  throw new TypeError("the server did not count");
}

const toKey = (prompt: ChatPrompt): string => hash("sha1", JSON.stringify(prompt), "base64");
