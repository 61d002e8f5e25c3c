import { Injectable, type OnApplicationShutdown } from "@nestjs/common";
import type { HttpClient } from "#platform/http-client.js";
import type { GatewayReport } from "#service-contracts/near-copies.js";
import { createCacheHttpClient } from "../caching/cache-http-client.js";
import { GatewayConfig } from "../gateway.config.js";
import { CacheFeed } from "./cache-feed.js";
import { NearTier } from "./near-tier.js";

/** How much later the cache service, and through it other gateways, may know. */
const reportDelayMs = 100;
const retryDelayMs = 1000;
const reportTimeoutMs = 2000;
/** While the cache service is away: beyond that counts and marks are lost rather than memory. */
const maxWaiting = 20_000;

/** Tells the cache service of hits and of sessions that have had their answers, many at a time. */
@Injectable()
export class NearReports implements OnApplicationShutdown {
  private readonly http: HttpClient;
  private hits = new Map<string, { count: number; lastAt: number }>();
  private given = new Map<string, string[]>();
  private waitingMarks = 0;
  private misses = 0;
  private reportedStores = 0;
  /** It holds less than it has told. */
  private isLess = false;
  private timer: NodeJS.Timeout | undefined;
  private sending: Promise<void> | undefined;
  private isClosed = false;

  constructor(
    config: GatewayConfig,
    private readonly near: NearTier,
    private readonly feed: CacheFeed,
  ) {
    this.http = createCacheHttpClient(config);
    near.onLetGo = () => {
      this.isLess = true;
      this.schedule(reportDelayMs);
    };
  }

  countHit(key: string): void {
    const known = this.hits.get(key);
    if (known) {
      known.count += 1;
      known.lastAt = Date.now();
    } else if (this.hits.size < maxWaiting) this.hits.set(key, { count: 1, lastAt: Date.now() });
    this.schedule(reportDelayMs);
  }

  countMiss(): void {
    this.misses += 1;
    this.schedule(reportDelayMs);
  }

  addGiven(key: string, hash: string): void {
    if (this.waitingMarks >= maxWaiting) return;
    this.waitingMarks += 1;
    const known = this.given.get(key);
    if (known) known.push(hash);
    else this.given.set(key, [hash]);
    this.schedule(reportDelayMs);
  }

  /** All answers have ended: what is still to be told is told. */
  async onApplicationShutdown(): Promise<void> {
    this.isClosed = true;
    clearTimeout(this.timer);
    await this.sending;
    if (!this.isEmpty) await this.send();
  }

  private get isEmpty(): boolean {
    return this.hits.size === 0 && this.given.size === 0 && this.misses === 0 && !this.isLess;
  }

  private schedule(delayMs: number): void {
    if (this.timer !== undefined || this.sending || this.isClosed) return;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.sending = this.send().then((isTaken) => {
        this.sending = undefined;
        if (!this.isEmpty) this.schedule(isTaken ? reportDelayMs : retryDelayMs);
      });
    }, delayMs).unref();
  }

  private async send(): Promise<boolean> {
    const report = this.take();
    const isTaken = await this.http
      .exchange({ method: "POST", path: "/reports", body: report, timeoutMs: reportTimeoutMs })
      .then(({ status }) => status < 500)
      .catch(() => false);
    if (!isTaken) this.putBack(report);
    return isTaken;
  }

  private take(): GatewayReport {
    const { hits, given, misses, near } = this;
    const stores = near.stores - this.reportedStores;
    this.hits = new Map();
    this.given = new Map();
    this.waitingMarks = 0;
    this.misses = 0;
    this.reportedStores = near.stores;
    this.isLess = false;
    return {
      reader: this.feed.reader,
      hits: [...hits].map(([key, { count, lastAt }]) => [key, count, lastAt]),
      given: [...given],
      misses,
      stores,
      ...near.size,
    };
  }

  private putBack({ hits, given, misses, stores }: GatewayReport): void {
    for (const [key, count, lastAt] of hits) {
      const known = this.hits.get(key);
      if (known || this.hits.size < maxWaiting)
        this.hits.set(key, { count: count + (known?.count ?? 0), lastAt: known?.lastAt ?? lastAt });
    }
    for (const [key, hashes] of given) for (const hash of hashes) this.addGiven(key, hash);
    this.misses += misses;
    this.reportedStores -= stores;
    this.isLess = true;
  }
}
