import { Inject, Injectable } from "@nestjs/common";
import { Registry } from "prom-client";
import { LastKnown } from "#platform/last-known.js";
import { CacheClient } from "../caching/cache.client.js";
import { InferenceClient } from "../inference/inference.client.js";
import { type MetricsPage, toOnePage } from "./to-one-page.js";

/** The metrics of all three services, for whoever scrapes through the one port. */
@Injectable()
export class AllMetrics {
  private readonly page = new LastKnown(() => this.make());

  constructor(
    @Inject(Registry) private readonly registry: Registry,
    private readonly cache: CacheClient,
    private readonly inference: InferenceClient,
  ) {}

  /**
   * What there is: a service that does not answer is missing and has `llm_service_up` 0. However many ask at the same
   * time, the services are asked once.
   */
  collect(): Promise<string> {
    return this.page.refresh();
  }

  private async make(): Promise<string> {
    const pages = await Promise.all([
      read("gateway", () => this.registry.metrics()),
      read("cache", () => this.cache.metrics()),
      read("inference-adapter", () => this.inference.metrics()),
    ]);
    return toOnePage([...pages, ...pages.map(toUpPage)]);
  }
}

async function read(service: string, ask: () => Promise<string>): Promise<MetricsPage> {
  return { service, text: await ask().catch(() => "") };
}

function toUpPage({ service, text: given }: MetricsPage): MetricsPage {
  const head = "# HELP llm_service_up 1: the service gave its metrics.\n# TYPE llm_service_up gauge";
  return { service, text: `${head}\nllm_service_up ${given === "" ? 0 : 1}` };
}
