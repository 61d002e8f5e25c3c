import { Injectable } from "@nestjs/common";
import { packageVersion } from "#platform/package-version.js";
import { ApiKeys } from "../access/api-keys.js";
import { GatewayConfig } from "../gateway.config.js";
import { CacheHealth } from "../health/cache.health.js";
import { InferenceHealth } from "../health/inference.health.js";
import { InferenceClient } from "../inference/inference.client.js";
import { type MessageTotals, MessagesMetrics } from "../messages/messages.metrics.js";
import { readGauge } from "./read-gauge.js";
import { RecentRequests } from "./recent-requests.js";
import { type RequestSummary, summarizeRequests } from "./summarize-requests.js";
import { type Component, type ModelState, toComponents } from "./to-components.js";

/** `GET /status`: what the status page shows, all of it of this gateway and since its start. */
export interface Status extends RequestSummary {
  version: string;
  /** Where the gateway listens, which may be behind a tunnel for whoever looks. */
  api_port: number;
  needs_key: boolean;
  up_seconds: number;
  components: Component[];
  model: ModelState;
  /** Null where the inference service does not tell. */
  queue: { depth: number | null; in_flight: number | null };
  totals: MessageTotals;
  /** Dollars: an hour of the GPU, a million tokens of a cloud's model. */
  prices: { gpu_hour: number; cloud_input: number; cloud_output: number };
}

const freshMs = 1000;

/** However many pages look, the services are asked once a second. */
@Injectable()
export class StatusService {
  private made: { at: number; status: Promise<Status> } | undefined;

  constructor(
    private readonly config: GatewayConfig,
    private readonly inferenceHealth: InferenceHealth,
    private readonly cacheHealth: CacheHealth,
    private readonly inference: InferenceClient,
    private readonly keys: ApiKeys,
    private readonly metrics: MessagesMetrics,
    private readonly recent: RecentRequests,
  ) {}

  status(): Promise<Status> {
    const now = performance.now();
    if (!this.made || now - this.made.at > freshMs) this.made = { at: now, status: this.make() };
    return this.made.status;
  }

  private async make(): Promise<Status> {
    const [inference, cache, page, totals] = await Promise.all([
      this.inferenceHealth.check("/health"),
      this.cacheHealth.check(),
      this.inference.metrics().catch(() => ""),
      this.metrics.totals(),
    ]);
    const { components, model } = toComponents({ ...inference, ...cache });
    const { MODEL_NAME, GPU_PRICE_PER_HOUR, CLOUD_PRICE_INPUT, CLOUD_PRICE_OUTPUT } = this.config;
    return {
      version: packageVersion(),
      api_port: this.config.API_PORT,
      needs_key: this.keys.areSet,
      up_seconds: Math.round(process.uptime()),
      components,
      model: model ?? { name: MODEL_NAME, state: "unknown", context_length: null },
      queue: {
        depth: readGauge(page, "llm_inference_queue_depth"),
        in_flight: readGauge(page, "llm_inference_in_flight"),
      },
      totals,
      ...summarizeRequests(this.recent.list()),
      prices: {
        gpu_hour: GPU_PRICE_PER_HOUR,
        cloud_input: CLOUD_PRICE_INPUT,
        cloud_output: CLOUD_PRICE_OUTPUT,
      },
    };
  }
}
