import { Inject, Injectable } from "@nestjs/common";
import { CircuitBreakerPolicy, CircuitState, ConsecutiveBreaker, circuitBreaker, handleAll } from "cockatiel";
import { type HttpAnswer, HttpClient, type HttpRequest } from "#platform/http-client.js";
import { LOGGER, type Logger } from "#platform/logging.js";
import { cacheHeaders } from "#service-contracts/cache-headers.js";
import type { Neighbour, NeighbourRequest, StoreRequest } from "#service-contracts/cache-store.js";
import { type StoredEntry, parseStoredEntry } from "#service-contracts/stored-entry.js";
import type { EntryCopy } from "#service-contracts/near-copies.js";
import { innerHeaders } from "../access/inner-headers.js";
import { GatewayConfig } from "../gateway.config.js";
import { toMetricsText } from "../metrics/to-metrics-text.js";
import { NearReports } from "../near-tier/near-reports.js";
import { NearTier } from "../near-tier/near-tier.js";

/** The longest that the cache may hold a request up. */
const lookupTimeoutMs = 250;
const storeTimeoutMs = 5000;
const metricsTimeoutMs = 2000;

/**
 * The cache service, and in front of it the copies in this process. It fails open: whatever is wrong with it is a
 * miss, and soon costs no time at all.
 */
@Injectable()
export class CacheClient {
  private readonly http: HttpClient;
  private readonly breaker: CircuitBreakerPolicy;

  constructor(
    config: GatewayConfig,
    private readonly near: NearTier,
    private readonly reports: NearReports,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.http = new HttpClient(config.CACHE_URL.replace(/\/+$/, ""), lookupTimeoutMs, innerHeaders(config));
    this.breaker = circuitBreaker(handleAll, { halfOpenAfter: 1000, breaker: new ConsecutiveBreaker(3) });
    this.breaker.onBreak(() => this.logger.warn("the cache service does not answer; going on without it"));
    this.breaker.onReset(() => this.logger.info("the cache service answers again"));
  }

  /** The entry under a key; "given" when the session of `givenHash` has had it; `undefined` on a miss and on any fault. */
  async get(key: string, givenHash?: string): Promise<StoredEntry | "given" | undefined> {
    const copy = this.near.find(key);
    if (!copy) return this.ask(key, givenHash);
    if (givenHash !== undefined && this.near.wasGiven(givenHash)) return "given";
    this.reports.countHit(key);
    return copy;
  }

  /** The stored question nearest to this one; `undefined` where there is none, or on any fault. */
  async nearest(body: NeighbourRequest): Promise<Neighbour | undefined> {
    const answer = await this.lookUp({ method: "POST", path: "/neighbours", body });
    return answer?.status === 200 ? (answer.body as Neighbour) : undefined;
  }

  /** False when it was not stored; the request does not wait for this. */
  async put(key: string, body: StoreRequest, ttlSeconds: number): Promise<boolean> {
    try {
      return await this.store({ method: "PUT", path: `/entries/${key}?ttl=${ttlSeconds}`, body });
    } finally {
      // The cache service says so too, a moment later.
      this.near.letGo([key]);
    }
  }

  /** Remembers for an hour that a session has had an answer whole: here at once, elsewhere a moment later. */
  markGiven(key: string, givenHash: string): void {
    this.near.noteGiven(givenHash);
    this.reports.addGiven(key, givenHash);
  }

  /** JSON that is wanted again after a restart. False when it was not taken. */
  putNote(name: string, body: unknown): Promise<boolean> {
    return this.store({ method: "PUT", path: `/notes/${name}`, body });
  }

  /** `undefined` where there is none, or on any fault. */
  async getNote(name: string): Promise<unknown> {
    const answer = await this.lookUp({ method: "GET", path: `/notes/${name}` });
    return answer?.status === 200 ? answer.body : undefined;
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

  private async ask(key: string, givenHash: string | undefined): Promise<StoredEntry | "given" | undefined> {
    const { changes, isFollowing } = this.near;
    if (isFollowing) this.reports.countMiss();
    const query = givenHash === undefined ? "" : `?given=${givenHash}`;
    const path = `/entries/${key}${isFollowing ? "/copy" : ""}${query}`;
    const answer = await this.lookUp({ method: "GET", path });
    if (answer?.status === 404 && answer.headers[cacheHeaders.given] === "true") return "given";
    if (answer?.status !== 200) return undefined;
    const { entry: given, terms } = isFollowing
      ? ((answer.body ?? {}) as Partial<EntryCopy>)
      : { entry: answer.body };
    const entry = parseStoredEntry(given);
    if (entry && terms) this.near.keep(key, entry, terms, changes);
    // The cache service may not know yet what this gateway does.
    return entry && givenHash !== undefined && this.near.wasGiven(givenHash) ? "given" : entry;
  }

  private async lookUp(request: HttpRequest): Promise<HttpAnswer<unknown> | undefined> {
    try {
      return await this.breaker.execute(() =>
        this.http.exchange({ ...request, timeoutMs: lookupTimeoutMs }).then(refuseServerError),
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
      const { status } = await this.http.exchange({ ...request, timeoutMs: storeTimeoutMs });
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
