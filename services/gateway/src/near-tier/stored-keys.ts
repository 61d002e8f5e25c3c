import { Inject, Injectable, type OnApplicationShutdown } from "@nestjs/common";
import type { HttpClient } from "#platform/http-client.js";
import { LOGGER, type Logger } from "#platform/logging.js";
import { KeyFilter } from "#service-contracts/key-filter.js";
import type { StoredKeysAnswer } from "#service-contracts/near-copies.js";
import { createCacheHttpClient } from "../caching/cache-http-client.js";
import { GatewayConfig } from "../gateway.config.js";
import { NearTier } from "./near-tier.js";

const answerTimeoutMs = 30_000;
const retryMs = 10_000;
/** Under much load it may be heard five times a second that anything may have changed. */
const settleMs = 1000;
/** The filter never forgets a key; a new one has those that there are. So long nothing is known, too, where it was wrong. */
const renewMs = 600_000;
/** One question of so many that need not be asked is asked all the same. */
const checkedOnceIn = 16;
/** Whoever hears the feed has heard by then what was stored while it was asked for. */
const hearsByMs = 5000;

/**
 * Which entries there may be, as the cache service has told and as its feed goes on to tell: what is certainly not
 * there need not be asked for. Wherever that is in doubt it is asked for.
 */
@Injectable()
export class StoredKeys implements OnApplicationShutdown {
  private readonly http: HttpClient;
  /** The cache service whose changes are heard; undefined: none. */
  private instance: string | undefined;
  private known: KeyFilter | undefined;
  /** Is being asked for. */
  private next: KeyFilter | undefined;
  private timer: NodeJS.Timeout | undefined;
  private unasked = 0;
  private readonly closed = new AbortController();

  constructor(
    config: GatewayConfig,
    private readonly near: NearTier,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.http = createCacheHttpClient(config);
  }

  /** From here on every key that comes is heard of. */
  begin(instance: string): void {
    this.end();
    this.instance = instance;
    void this.renew();
  }

  end(): void {
    this.instance = undefined;
    this.forget();
  }

  add(keys: readonly string[]): void {
    for (const filter of [this.known, this.next]) if (filter) for (const key of keys) filter.add(key);
  }

  /** Others may have come, nobody knows which. They are asked for when no more of that is heard. */
  beginAnew(): void {
    this.forget();
    if (this.instance !== undefined) this.renewAfter(settleMs);
  }

  /** Need not be asked for. Once in a while false all the same: whether the cache service tells right is seen so. */
  isMissing(key: string): boolean {
    if (!this.isUnheardOf(key)) return false;
    this.unasked = (this.unasked + 1) % checkedOnceIn;
    return this.unasked !== 0;
  }

  /** What was asked for and found: where it is not heard of, all are asked for anew. */
  found(key: string): void {
    const { known } = this;
    if (!this.isUnheardOf(key)) return;
    setTimeout(() => {
      if (this.known === known && this.isUnheardOf(key)) void this.renew(key);
    }, hearsByMs).unref();
  }

  onApplicationShutdown(): void {
    this.closed.abort();
    this.end();
  }

  /** It would have been heard of if it had come. */
  private isUnheardOf(key: string): boolean {
    return this.known !== undefined && this.near.isFollowing && !this.known.has(key);
  }

  private forget(): void {
    clearTimeout(this.timer);
    this.known = undefined;
    this.next = undefined;
  }

  /** `found`: a key that has to be among them, else they are not all. */
  private async renew(found?: string): Promise<void> {
    clearTimeout(this.timer);
    const next = new KeyFilter();
    this.next = next;
    const told = await this.ask();
    if (this.next !== next) return;
    this.next = undefined;
    const isWhole = told?.instance === this.instance && next.addAll(told?.filter);
    if (isWhole) this.known = found === undefined || next.has(found) ? next : undefined;
    if (isWhole && !this.known)
      this.logger.warn(
        "the cache service has entries that it does not list; every question is asked for now",
      );
    this.renewAfter(isWhole ? renewMs : retryMs);
  }

  private renewAfter(ms: number): void {
    this.timer = setTimeout(() => void this.renew(), ms).unref();
  }

  private async ask(): Promise<Partial<StoredKeysAnswer> | null> {
    const { signal } = this.closed;
    const path = `/stored-keys?instance=${this.instance}`;
    const page = { method: "GET", path, timeoutMs: answerTimeoutMs, signal } as const;
    const answer = await this.http.exchange(page).catch((error: unknown) => error as Error);
    if ("status" in answer && answer.status === 200) return answer.body as Partial<StoredKeysAnswer> | null;
    const reason = "status" in answer ? `status ${answer.status}` : answer.message;
    this.logger.debug({ reason }, "the cache service does not tell which keys there are");
    return null;
  }
}
