import { Inject, Injectable } from "@nestjs/common";
import type { Neighbour, NeighbourRequest, Store } from "#service-contracts/cache-store.js";
import { type StoredEntry, parseStoredEntry } from "#service-contracts/stored-entry.js";
import type { AnsweringModel } from "../models/replaced-models.js";
import { toMetricsText } from "../metrics/to-metrics-text.js";
import { NearReports } from "../near-tier/near-reports.js";
import { NearTier } from "../near-tier/near-tier.js";
import { StoredKeys } from "../near-tier/stored-keys.js";
import { CacheConnection, noNote, refuseFault } from "./cache-connection.js";
import { ENTRY_STORE, type EntryStore } from "./entry-store.js";
import { PendingStores } from "./pending-stores.js";

const metricsTimeoutMs = 2000;

/**
 * The cache service, and in front of it the copies in this process. It fails open: whatever is wrong with it is a
 * miss, and soon costs no time at all.
 */
@Injectable()
export class CacheClient {
  constructor(
    private readonly cache: CacheConnection,
    @Inject(ENTRY_STORE) private readonly entries: EntryStore,
    private readonly pending: PendingStores,
    private readonly near: NearTier,
    private readonly stored: StoredKeys,
    private readonly reports: NearReports,
  ) {}

  /**
   * The entry under a key; "given" when the session of `givenHash` has had it; `undefined` on a miss and on any fault.
   * `mustAsk`: also where it is known to have none.
   */
  async get(key: string, givenHash?: string, mustAsk = false): Promise<StoredEntry | "given" | undefined> {
    const here = this.findHere(key, givenHash);
    if (here !== undefined) return here;
    if (!mustAsk && this.stored.isMissing(key)) {
      this.reports.countMiss();
      return undefined;
    }
    // While it was asked for elsewhere, in vain, it may have been generated or have come for somebody else.
    return (await this.ask(key, givenHash)) ?? this.findHere(key, givenHash);
  }

  /** The stored question nearest to this one; `undefined` where there is none, or on any fault. */
  async nearest(body: NeighbourRequest): Promise<Neighbour | undefined> {
    const answer = await this.cache.lookUp({ method: "POST", path: "/neighbours", body });
    return answer?.status === 200 ? (answer.body as Neighbour) : undefined;
  }

  /** False when it was not stored; the request does not wait for this. */
  async put(store: Store, model: AnsweringModel): Promise<boolean> {
    // The cache service says so too, a moment later.
    this.stored.add([store.key]);
    try {
      return await this.pending.add(store, model);
    } finally {
      this.near.letGo([store.key]);
    }
  }

  /** Remembers for an hour that a session has had an answer whole: here at once, elsewhere a moment later. */
  markGiven(key: string, givenHash: string): void {
    this.near.noteGiven(givenHash);
    this.reports.addGiven(key, givenHash);
  }

  /** JSON that is wanted again after a restart. False when it was not taken. */
  async putNote(name: string, body: unknown): Promise<boolean> {
    return (await this.cache.store({ method: "PUT", path: `/notes/${name}`, body })) !== undefined;
  }

  /** `undefined` where there is none, or on any fault. */
  async getNote(name: string): Promise<unknown> {
    const answer = await this.cache.lookUp({ method: "GET", path: `/notes/${name}` });
    return answer?.status === 200 ? answer.body : undefined;
  }

  /** The cache service's own health page. */
  health(): Promise<{ status: number; body: unknown }> {
    return this.cache.http.request({ method: "GET", path: "/health", timeoutMs: 1000 });
  }

  /** Its health page is open to everybody; whether it takes this gateway's requests is another question. @throws Error */
  async checkAccess(): Promise<void> {
    refuseFault(await this.cache.http.request({ method: "GET", path: noNote, timeoutMs: 1000 }));
  }

  /** The cache service's own metrics. @throws UpstreamError */
  async metrics(): Promise<string> {
    const page = { method: "GET", path: "/metrics", timeoutMs: metricsTimeoutMs } as const;
    return toMetricsText(await this.cache.http.request(page));
  }

  private findHere(key: string, givenHash: string | undefined): StoredEntry | "given" | undefined {
    const copy = this.pending.find(key) ?? this.near.find(key);
    if (!copy) return undefined;
    if (givenHash !== undefined && this.near.wasGiven(givenHash)) return "given";
    this.reports.countHit(key);
    return copy;
  }

  private async ask(key: string, givenHash: string | undefined): Promise<StoredEntry | "given" | undefined> {
    const { changes, isFollowing } = this.near;
    if (isFollowing) this.reports.countMiss();
    const found = await this.entries.find(key, givenHash, isFollowing);
    if (found === undefined) return undefined;
    this.stored.found(key);
    if (found === "given") return found;
    const entry = parseStoredEntry(found.entry);
    if (entry && found.terms) this.near.keep(key, entry, found.terms, changes);
    // The cache service may not know yet what this gateway does.
    return entry && givenHash !== undefined && this.near.wasGiven(givenHash) ? "given" : entry;
  }
}
