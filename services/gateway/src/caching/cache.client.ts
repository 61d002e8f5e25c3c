import { Inject, Injectable } from "@nestjs/common";
import { CircuitBreakerPolicy, CircuitState, ConsecutiveBreaker, circuitBreaker, handleAll } from "cockatiel";
import { type HttpAnswer, HttpClient, type HttpRequest } from "#platform/http-client.js";
import { LOGGER, type Logger } from "#platform/logging.js";
import { cacheHeaders } from "#service-contracts/cache-headers.js";
import type { Neighbour, NeighbourRequest, StoreRequest } from "#service-contracts/cache-store.js";
import { type StoredEntry, parseStoredEntry } from "#service-contracts/stored-entry.js";
import { innerHeaders } from "../access/inner-headers.js";
import { GatewayConfig } from "../gateway.config.js";
import { toMetricsText } from "../metrics/to-metrics-text.js";

/** The longest that the cache may hold a request up. */
const lookupTimeoutMs = 250;
const storeTimeoutMs = 5000;
const metricsTimeoutMs = 2000;

/** The cache service. It fails open: whatever is wrong with it is a miss, and soon costs no time at all. */
@Injectable()
export class CacheClient {
  private readonly http: HttpClient;
  private readonly breaker: CircuitBreakerPolicy;

  constructor(
    config: GatewayConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.http = new HttpClient(config.CACHE_URL.replace(/\/+$/, ""), lookupTimeoutMs, innerHeaders(config));
    this.breaker = circuitBreaker(handleAll, { halfOpenAfter: 1000, breaker: new ConsecutiveBreaker(3) });
    this.breaker.onBreak(() => this.logger.warn("the cache service does not answer; going on without it"));
    this.breaker.onReset(() => this.logger.info("the cache service answers again"));
  }

  /** The entry under a key; "given" when `givenHash` is marked; `undefined` on a miss and on any fault. */
  async get(key: string, givenHash?: string): Promise<StoredEntry | "given" | undefined> {
    const path = givenHash === undefined ? `/entries/${key}` : `/entries/${key}?given=${givenHash}`;
    const answer = await this.lookUp({ method: "GET", path });
    if (answer?.status === 404 && answer.headers[cacheHeaders.given] === "true") return "given";
    return answer?.status === 200 ? parseStoredEntry(answer.body) : undefined;
  }

  /** The stored question nearest to this one; `undefined` where there is none, or on any fault. */
  async nearest(body: NeighbourRequest): Promise<Neighbour | undefined> {
    const answer = await this.lookUp({ method: "POST", path: "/neighbours", body });
    return answer?.status === 200 ? (answer.body as Neighbour) : undefined;
  }

  /** False when it was not stored; the request does not wait for this. */
  put(key: string, body: StoreRequest, ttlSeconds: number): Promise<boolean> {
    return this.store({ method: "PUT", path: `/entries/${key}?ttl=${ttlSeconds}`, body });
  }

  /** Remembers for an hour that a session has had an answer whole. */
  markGiven(givenHash: string): Promise<boolean> {
    return this.store({ method: "PUT", path: `/given/${givenHash}` });
  }

  /** The cache service's own health page. */
  health(): Promise<{ status: number; body: unknown }> {
    return this.http.request({ method: "GET", path: "/health", timeoutMs: 1000 });
  }

  /** The cache service's own metrics. @throws UpstreamError */
  async metrics(): Promise<string> {
    const page = { method: "GET", path: "/metrics", timeoutMs: metricsTimeoutMs } as const;
    return toMetricsText(await this.http.request(page));
  }

  private async lookUp(request: HttpRequest): Promise<HttpAnswer<unknown> | undefined> {
    try {
      return await this.breaker.execute(() =>
        this.http.request({ ...request, timeoutMs: lookupTimeoutMs }).then(refuseServerError),
      );
    } catch (error) {
      this.logger.debug({ reason: (error as Error).message }, "cache lookup failed");
      return undefined;
    }
  }

  /** Stores ask the breaker and never try it out: lookups wait for whoever does, and a store may take seconds. */
  private async store(request: HttpRequest): Promise<boolean> {
    if (this.breaker.state !== CircuitState.Closed) return false;
    try {
      const { status } = await this.http.request({ ...request, timeoutMs: storeTimeoutMs });
      return status >= 200 && status < 300;
    } catch (error) {
      this.logger.debug({ reason: (error as Error).message }, "cache store failed");
      return false;
    }
  }
}

function refuseServerError<T extends { status: number }>(answer: T): T {
  if (answer.status >= 500) throw new Error(`the cache service answered with status ${answer.status}`);
  return answer;
}
