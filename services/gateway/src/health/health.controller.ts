import { Controller, Get } from "@nestjs/common";
import { HealthCheck, type HealthCheckResult, HealthCheckService } from "@nestjs/terminus";
import { LastKnown } from "#platform/last-known.js";
import { CacheHealth } from "./cache.health.js";
import { InferenceHealth } from "./inference.health.js";

/** However many ask at the same time, and without a key, the services are asked once. */
@Controller("health")
export class HealthController {
  private readonly whole = new LastKnown(() =>
    this.health.check([() => this.inference.check("/health"), () => this.cache.check()]),
  );
  private readonly readiness = new LastKnown(() =>
    this.health.check([() => this.inference.check("/health/ready")]),
  );

  constructor(
    private readonly health: HealthCheckService,
    private readonly cache: CacheHealth,
    private readonly inference: InferenceHealth,
  ) {}

  /** 503 when messages cannot be answered; a lost cache is only told. */
  @Get()
  @HealthCheck()
  all(): Promise<HealthCheckResult> {
    return this.whole.refresh();
  }

  /** The process works; nothing else is asked. */
  @Get("live")
  @HealthCheck()
  live(): Promise<HealthCheckResult> {
    return this.health.check([]);
  }

  @Get("ready")
  @HealthCheck()
  ready(): Promise<HealthCheckResult> {
    return this.readiness.refresh();
  }
}
