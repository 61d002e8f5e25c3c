import { Inject, Injectable } from "@nestjs/common";
import { Counter, Histogram, Registry } from "prom-client";
import type { GenerationEnd } from "../backends/inference-backend.js";
import { PromptTooLongError } from "../tokens/prompt-too-long.js";

/** From a prefix that was read before (microseconds a token) to a CPU that reads all of it anew. */
const perTokenBuckets = [
  0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1,
];
const phases = ["load", "prefill", "decode"] as const;

/** What the model's work took, as the backend tells at its end, and what was not worth its work. */
@Injectable()
export class WorkMetrics {
  private readonly seconds: Counter<"phase">;
  private readonly prefillPerToken: Histogram;
  private readonly rejected: Counter;

  constructor(@Inject(Registry) registry: Registry) {
    this.seconds = new Counter({
      name: "llm_inference_seconds_total",
      help: "Seconds that the model worked on finished answers, by phase: load, prefill or decode.",
      labelNames: ["phase"],
      registers: [registry],
    });
    for (const phase of phases) this.seconds.inc({ phase }, 0);
    this.prefillPerToken = new Histogram({
      name: "llm_prefill_seconds_per_token",
      help: "Seconds of reading, per token of the whole prompt; it rises when the KV prefix is not found.",
      buckets: perTokenBuckets,
      registers: [registry],
    });
    this.rejected = new Counter({
      name: "llm_prompt_rejected_total",
      help: "Prompts refused because they do not fit the window.",
      registers: [registry],
    });
  }

  countIfTooLong(error: unknown): void {
    if (error instanceof PromptTooLongError) this.rejected.inc();
  }

  /** What a finished generation took. */
  count({ loadSeconds, prefillSeconds, decodeSeconds }: GenerationEnd, promptTokens: number): void {
    this.seconds.inc({ phase: "load" }, loadSeconds);
    this.seconds.inc({ phase: "prefill" }, prefillSeconds);
    this.seconds.inc({ phase: "decode" }, decodeSeconds);
    if (promptTokens > 0) this.prefillPerToken.observe(prefillSeconds / promptTokens);
  }
}
