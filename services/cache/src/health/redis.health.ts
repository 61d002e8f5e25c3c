import { Injectable } from "@nestjs/common";
import { type HealthIndicatorResult, HealthIndicatorService } from "@nestjs/terminus";
import { RedisConnection } from "../redis/redis-connection.js";

@Injectable()
export class RedisHealth {
  constructor(
    private readonly indicators: HealthIndicatorService,
    private readonly redis: RedisConnection,
  ) {}

  /** Always up: without Redis the memory tier serves, which is less but right. */
  async check(): Promise<HealthIndicatorResult> {
    const indicator = this.indicators.check("redis");
    if (this.redis.state === "none") return indicator.up({ state: "memory only" });
    const startedAt = performance.now();
    const latency = () => Math.round((performance.now() - startedAt) * 10) / 10;
    try {
      await this.redis.ping();
      return indicator.up({ state: "ok", latency_ms: latency() });
    } catch (error) {
      const reason = this.redis.fault ?? this.redis.describe(error);
      return indicator.up({ state: "degraded", reason, latency_ms: latency() });
    }
  }
}
