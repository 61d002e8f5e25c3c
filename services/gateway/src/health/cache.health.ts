import { Injectable } from "@nestjs/common";
import { type HealthIndicatorResult, HealthIndicatorService } from "@nestjs/terminus";
import { CacheClient } from "../caching/cache.client.js";

@Injectable()
export class CacheHealth {
  constructor(
    private readonly indicators: HealthIndicatorService,
    private readonly cache: CacheClient,
  ) {}

  /** Always up: without a cache every question is generated, which is slow but right. */
  async check(): Promise<HealthIndicatorResult> {
    const indicator = this.indicators.check("cache");
    const startedAt = performance.now();
    try {
      const { status, body } = await this.cache.health();
      await this.cache.checkAccess();
      const latency_ms = Math.round(performance.now() - startedAt);
      const details = (body as { details?: Record<string, unknown> } | null)?.details ?? {};
      if (details["redis"] === undefined)
        throw new Error(
          status === 200
            ? "what answers at CACHE_URL is no cache service"
            : `the cache service answered with status ${status}`,
        );
      return indicator.up({ state: status === 200 ? "ok" : "degraded", latency_ms, ...details });
    } catch (error) {
      return indicator.up({ state: "degraded", message: (error as Error).message });
    }
  }
}
