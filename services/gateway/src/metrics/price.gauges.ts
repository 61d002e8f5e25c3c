import { Inject, Injectable } from "@nestjs/common";
import { Gauge, Registry } from "prom-client";
import { observeGauge } from "#platform/metrics.js";
import { GatewayConfig } from "../gateway.config.js";

/** The configured prices, so that a dashboard can turn tokens and seconds into money. */
@Injectable()
export class PriceGauges {
  constructor(@Inject(Registry) registry: Registry, config: GatewayConfig) {
    const gpuHelp = "What an hour of the GPU costs, in dollars: GPU_PRICE_PER_HOUR.";
    observeGauge(registry, "llm_gpu_price_dollars_per_hour", gpuHelp, () => config.GPU_PRICE_PER_HOUR);
    const cloudPrice = new Gauge({
      name: "llm_cloud_price_dollars_per_million_tokens",
      help: "What a cloud's model would cost, in dollars: CLOUD_PRICE_INPUT and CLOUD_PRICE_OUTPUT.",
      labelNames: ["token_type"],
      registers: [registry],
    });
    cloudPrice.set({ token_type: "input" }, config.CLOUD_PRICE_INPUT);
    cloudPrice.set({ token_type: "output" }, config.CLOUD_PRICE_OUTPUT);
  }
}
