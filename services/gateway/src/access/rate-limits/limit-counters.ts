import { Injectable } from "@nestjs/common";
import { RateLimiterMemory } from "rate-limiter-flexible";
import { CircuitBreaker } from "#platform/circuit-breaker.js";
import type { HttpClient } from "#platform/http-client.js";
import type { ChargeAnswer, LimitCharge, LimitCount } from "#service-contracts/rate-limits.js";
import { GatewayConfig } from "../../gateway.config.js";
import { createCacheHttpClient } from "../../caching/cache-http-client.js";

const timeoutMs = 250;

/**
 * Counts in the cache service, for all gateways together. While that does not answer each gateway counts for itself:
 * a lost cache neither stops everybody nor lets everybody through.
 */
@Injectable()
export class LimitCounters {
  private readonly http: HttpClient;
  private readonly breaker = new CircuitBreaker({ failuresUntilOpen: 3, retryAfterMs: 1000 });
  private readonly own = new RateLimiterMemory({ points: Number.MAX_SAFE_INTEGER, duration: 60 });

  constructor(config: GatewayConfig) {
    this.http = createCacheHttpClient(config, timeoutMs);
  }

  /** The counters of a key after the charges, in their order. */
  async charge(tenant: string, charges: LimitCharge[]): Promise<LimitCount[]> {
    try {
      return await this.breaker.execute(() => this.ask(tenant, charges));
    } catch {
      return Promise.all(charges.map((charge) => this.countHere(tenant, charge)));
    }
  }

  get isShared(): boolean {
    return this.breaker.isClosed;
  }

  private async ask(tenant: string, charges: LimitCharge[]): Promise<LimitCount[]> {
    const path = `/limits/${encodeURIComponent(tenant)}`;
    const { status, body } = await this.http.exchange({ method: "POST", path, body: { charges }, timeoutMs });
    const { counts } = (body ?? {}) as Partial<ChargeAnswer>;
    if (status !== 200 || counts?.length !== charges.length)
      throw new Error(`the cache service answered ${status}`);
    return counts;
  }

  private async countHere(tenant: string, { name, cost, seconds }: LimitCharge): Promise<LimitCount> {
    const key = `${tenant}:${name}`;
    const { consumedPoints, msBeforeNext } = await this.own.penalty(key, cost, { customDuration: seconds });
    return { name, consumed: consumedPoints, resetMs: msBeforeNext };
  }
}
