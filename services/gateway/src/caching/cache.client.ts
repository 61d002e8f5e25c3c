import { Inject, Injectable } from "@nestjs/common";
import { CircuitBreakerPolicy, CircuitState, ConsecutiveBreaker, circuitBreaker, handleAll } from "cockatiel";
import { HttpClient } from "#platform/http-client.js";
import { LOGGER, type Logger } from "#platform/logging.js";
import { type StoredEntry, parseStoredEntry } from "#service-contracts/stored-entry.js";
import { GatewayConfig } from "../gateway.config.js";

/** The longest that the cache may hold a request up. */
const lookupTimeoutMs = 250;
const storeTimeoutMs = 5000;

/** The cache service. It fails open: whatever is wrong with it is a miss, and soon costs no time at all. */
@Injectable()
export class CacheClient {
  private readonly http: HttpClient;
  private readonly breaker: CircuitBreakerPolicy;

  constructor(
    config: GatewayConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.http = new HttpClient(config.CACHE_URL.replace(/\/+$/, ""), lookupTimeoutMs);
    this.breaker = circuitBreaker(handleAll, { halfOpenAfter: 1000, breaker: new ConsecutiveBreaker(3) });
    this.breaker.onBreak(() => this.logger.warn("the cache service does not answer; going on without it"));
    this.breaker.onReset(() => this.logger.info("the cache service answers again"));
  }

  /** The entry under a key; `undefined` on a miss and on any fault. */
  async get(key: string): Promise<StoredEntry | undefined> {
    try {
      const { status, body } = await this.breaker.execute(() =>
        this.http
          .request({ method: "GET", path: `/entries/${key}`, timeoutMs: lookupTimeoutMs })
          .then(refuseServerError),
      );
      return status === 200 ? parseStoredEntry(body) : undefined;
    } catch (error) {
      this.logger.debug({ reason: (error as Error).message }, "cache lookup failed");
      return undefined;
    }
  }

  /**
   * False when it was not stored; the request does not wait for this. Stores ask the breaker and never try it
   * out: lookups wait for whoever does, and a store may take seconds.
   */
  async put(key: string, entry: StoredEntry, ttlSeconds: number): Promise<boolean> {
    if (this.breaker.state !== CircuitState.Closed) return false;
    try {
      const { status } = await this.http.request({
        method: "PUT",
        path: `/entries/${key}?ttl=${ttlSeconds}`,
        body: entry,
        timeoutMs: storeTimeoutMs,
      });
      return status >= 200 && status < 300;
    } catch (error) {
      this.logger.debug({ reason: (error as Error).message }, "cache store failed");
      return false;
    }
  }

  /** The cache service's own health page. */
  health(): Promise<{ status: number; body: unknown }> {
    return this.http.request({ method: "GET", path: "/health", timeoutMs: 1000 });
  }
}

function refuseServerError<T extends { status: number }>(answer: T): T {
  if (answer.status >= 500) throw new Error(`the cache service answered with status ${answer.status}`);
  return answer;
}
