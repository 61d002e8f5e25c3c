import { Inject, Injectable } from "@nestjs/common";
import { Counter, Histogram, Registry } from "prom-client";
import type { ErrorType } from "#anthropic/errors.js";
import { observeGauge } from "#platform/metrics.js";
import { ModelRouter } from "../models/model-router.js";
import { type CacheResult, type Exchange } from "./exchange.js";

const secondsBuckets = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600,
];
const labelNames = ["model", "cache", "stream", "error_type"];
/** Every value that the label may have: they are there, at 0, before the first request. */
const results: (CacheResult | "error")[] = ["hit", "miss", "coalesced", "bypass", "refresh", "error"];
const otherModel = "other";

/** Since the start of this process. */
export interface MessageTotals {
  /** Requests by what the cache did. */
  requests: Record<string, number>;
  /** Hits / (hits + misses); null before the first. */
  hit_ratio: number | null;
  /** Tokens by whether the model or the cache gave them. */
  tokens: Record<"model" | "cache", { input: number; output: number }>;
  saved_gpu_seconds: number;
}

/** Names as OpenTelemetry's GenAI conventions have them. Labels are bounded: no key, user or session. */
@Injectable()
export class MessagesMetrics {
  private readonly duration: Histogram;
  private readonly timeToFirstToken: Histogram;
  private readonly timePerOutputToken: Histogram;
  private readonly tokens: Counter;
  private readonly results: Counter;
  private readonly savedTokens: Counter;
  private readonly savedGpuSeconds: Counter;
  private readonly storeFailures: Counter;
  private hits = 0;
  private misses = 0;

  constructor(
    @Inject(Registry) private readonly registry: Registry,
    private readonly router: ModelRouter,
  ) {
    this.duration = this.histogram(
      "gen_ai_server_request_duration_seconds",
      "From the request to the answer's end.",
    );
    this.timeToFirstToken = this.histogram(
      "gen_ai_server_time_to_first_token_seconds",
      "From the request to the first piece of content.",
    );
    this.timePerOutputToken = this.histogram(
      "gen_ai_server_time_per_output_token_seconds",
      "From the first piece of content to the end, per further token.",
    );
    this.tokens = this.counter(
      "gen_ai_client_token_usage_total",
      "Tokens by type and by whether the model or the cache gave them.",
      ["model", "token_type", "source"],
    );
    this.results = this.counter("llm_cache_requests_total", "Messages by what the cache did.", ["result"]);
    this.savedTokens = this.counter(
      "llm_saved_tokens_total",
      "Tokens, read and written, that hits did not cost.",
      ["model"],
    );
    this.savedGpuSeconds = this.counter(
      "llm_saved_gpu_seconds_total",
      "Seconds of the model's work that hits did not cost.",
      ["model"],
    );
    this.storeFailures = this.counter(
      "llm_cache_store_failures_total",
      "Finished answers that the cache service did not take.",
      [],
    );
    this.startAtZero();
    const ratio = () => this.hits / Math.max(1, this.hits + this.misses);
    observeGauge(registry, "llm_cache_hit_ratio", "Hits / (hits + misses) of this process's life.", ratio);
  }

  observe(exchange: Exchange, errorType: ErrorType | undefined): void {
    const model =
      exchange.model !== undefined && this.router.isServed(exchange.model) ? exchange.model : otherModel;
    const cache = exchange.result ?? "error";
    const labels = { model, cache, stream: String(exchange.isStream), error_type: errorType ?? "" };
    this.duration.observe(labels, exchange.seconds);
    this.results.inc({ result: errorType ? "error" : cache });
    if (errorType) return;
    if (cache === "hit") this.hits += 1;
    if (cache === "miss") this.misses += 1;
    this.observeTokens(exchange, labels);
  }

  async totals(): Promise<MessageTotals> {
    const [counted, tokens, gpu] = await Promise.all([
      this.results.get(),
      this.tokens.get(),
      this.savedGpuSeconds.get(),
    ]);
    const sumOf = (source: string, type: string) =>
      sum(tokens.values.filter(({ labels }) => labels["source"] === source && labels["token_type"] === type));
    const bySource = (source: string) => ({ input: sumOf(source, "input"), output: sumOf(source, "output") });
    const lookups = this.hits + this.misses;
    return {
      requests: Object.fromEntries(counted.values.map(({ labels, value }) => [labels["result"], value])),
      hit_ratio: lookups === 0 ? null : this.hits / lookups,
      tokens: { model: bySource("model"), cache: bySource("cache") },
      saved_gpu_seconds: sum(gpu.values),
    };
  }

  countStoreFailure(): void {
    this.storeFailures.inc();
  }

  private observeTokens(exchange: Exchange, labels: { model: string; cache: string }): void {
    const { usage, firstEventAt, startedAt, gpuSeconds } = exchange;
    if (firstEventAt !== undefined) {
      const secondsToFirst = (firstEventAt - startedAt) / 1000;
      this.timeToFirstToken.observe(labels, secondsToFirst);
      if (usage && usage.output_tokens > 1)
        this.timePerOutputToken.observe(
          labels,
          (exchange.seconds - secondsToFirst) / (usage.output_tokens - 1),
        );
    }
    if (!usage) return;
    const { model } = labels;
    const source = labels.cache === "hit" ? "cache" : "model";
    this.tokens.inc({ model, token_type: "input", source }, usage.input_tokens);
    this.tokens.inc({ model, token_type: "output", source }, usage.output_tokens);
    if (labels.cache !== "hit") return;
    this.savedTokens.inc({ model }, usage.input_tokens + usage.output_tokens);
    this.savedGpuSeconds.inc({ model }, gpuSeconds);
  }

  /** A series that appears with its first event has lost that event for `rate` and `increase`. */
  private startAtZero(): void {
    for (const result of results) this.results.inc({ result }, 0);
    for (const token_type of ["input", "output"])
      for (const source of ["model", "cache"]) this.tokens.inc({ model: otherModel, token_type, source }, 0);
    this.savedTokens.inc({ model: otherModel }, 0);
    this.savedGpuSeconds.inc({ model: otherModel }, 0);
  }

  private histogram(name: string, help: string): Histogram {
    return new Histogram({ name, help, labelNames, buckets: secondsBuckets, registers: [this.registry] });
  }

  private counter(name: string, help: string, labels: string[]): Counter {
    return new Counter({ name, help, labelNames: labels, registers: [this.registry] });
  }
}

function sum(samples: readonly { value: number }[]): number {
  return samples.reduce((total, { value }) => total + value, 0);
}
