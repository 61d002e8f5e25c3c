import { Inject, Injectable } from "@nestjs/common";
import { setTimeout as sleep } from "node:timers/promises";
import { CircuitBreaker } from "#platform/circuit-breaker.js";
import { type HttpAnswer, type HttpClient, type HttpRequest } from "#platform/http-client.js";
import { LOGGER, type Logger } from "#platform/logging.js";
import { createCacheHttpClient } from "./cache-http-client.js";
import { GatewayConfig } from "../gateway.config.js";

/** The longest that the cache may hold a request up. */
const lookupTimeoutMs = 250;
const storeTimeoutMs = 5000;
/** How long a store waits for a cache service that is not asked, and how often it looks. */
const patienceMs = 5000;
const lookMs = 100;
/** Where nothing is: asked to see whether there is an answer. */
export const noNote = `/notes/${"0".repeat(64)}`;

/**
 * The cache service over HTTP. It fails open: a fault is no answer, and after three lookups without one it is not
 * asked at all for a second.
 */
@Injectable()
export class CacheConnection {
  readonly http: HttpClient;
  private readonly breaker: CircuitBreaker;

  constructor(
    config: GatewayConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.http = createCacheHttpClient(config, lookupTimeoutMs);
    this.breaker = new CircuitBreaker({
      failuresUntilOpen: 3,
      retryAfterMs: 1000,
      onOpen: (error) =>
        logger.warn(
          { reason: (error as Error).message },
          "the cache service does not answer; going on without it",
        ),
      onClose: () => logger.info("the cache service answers again"),
    });
  }

  /** What a request waits for. */
  async lookUp(request: HttpRequest): Promise<HttpAnswer<unknown> | undefined> {
    try {
      return await this.breaker.execute(() =>
        this.http.exchange({ ...request, timeoutMs: lookupTimeoutMs }).then(refuseFault),
      );
    } catch (error) {
      this.logger.debug({ reason: (error as Error).message }, "cache lookup failed");
      return undefined;
    }
  }

  /**
   * Waits while the cache service is not asked because it did not answer lately: some seconds at most, or until
   * `signal`. Tries it out itself: while answers are found on their way, nobody else may ask.
   */
  async untilAsked(signal: AbortSignal): Promise<void> {
    const until = performance.now() + patienceMs;
    while (!this.breaker.isClosed && !signal.aborted && performance.now() < until) {
      await sleep(lookMs);
      await this.lookUp({ method: "GET", path: noNote });
    }
  }

  /**
   * What no request waits for; undefined unless it was taken. Stores ask the breaker and never try it out: lookups
   * fail while somebody does, and a store may take seconds.
   */
  async store(request: HttpRequest): Promise<HttpAnswer<unknown> | undefined> {
    if (!this.breaker.isClosed) return undefined;
    try {
      const answer = await this.http.exchange({ ...request, timeoutMs: storeTimeoutMs });
      return answer.status >= 200 && answer.status < 300 ? answer : undefined;
    } catch (error) {
      this.logger.debug({ reason: (error as Error).message }, "cache store failed");
      return undefined;
    }
  }
}

/** @throws Error when the service has failed, or refuses whatever this gateway asks */
export function refuseFault<T extends { status: number }>(answer: T): T {
  const { status } = answer;
  if (status === 401 || status === 403)
    throw new Error(`the cache service refuses the gateway (status ${status}): see INNER_TOKEN`);
  if (status >= 500) throw new Error(`the cache service answered with status ${status}`);
  return answer;
}
