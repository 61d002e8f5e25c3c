import { Inject, Injectable, type OnApplicationShutdown } from "@nestjs/common";
import { isDeepStrictEqual } from "node:util";
import { type EntryFilter, matches } from "#service-contracts/entry-filter.js";
import type { Store } from "#service-contracts/cache-store.js";
import type { StoredEntry } from "#service-contracts/stored-entry.js";
import { type AnsweringModel, ReplacedModels } from "../models/replaced-models.js";
import { ENTRY_STORE, type EntryStore } from "./entry-store.js";

/** Stores that come sooner after others go together: an exchange costs as much as its content. */
const pauseMs = 200;
const maxTogether = 32;

interface Waiting {
  store: Store;
  model: AnsweringModel;
  stored: PromiseWithResolvers<boolean>;
  isForgotten: boolean;
}

/** Answers on their way to the cache service. Until they are there, or are given up, they can be found here. */
@Injectable()
export class PendingStores implements OnApplicationShutdown {
  private waiting: Waiting[] = [];
  /** The latest of each key. */
  private readonly open = new Map<string, Waiting>();
  private readonly sending = new Set<Promise<void>>();
  /** Those that wait and those that are being sent. */
  private readonly unfinished = new Set<Waiting>();
  private timer: NodeJS.Timeout | undefined;
  private sentAt = -Infinity;
  private readonly closing = new AbortController();

  constructor(
    @Inject(ENTRY_STORE) private readonly entries: EntryStore,
    private readonly replaced: ReplacedModels,
  ) {}

  find(key: string): StoredEntry | undefined {
    const store = this.open.get(key)?.store;
    if (!store || Date.now() - store.request.entry.storedAt >= store.ttlSeconds * 1000) return undefined;
    return store.request.entry;
  }

  /** @returns false where it could not be stored, when that is known */
  add(store: Store, model: AnsweringModel): Promise<boolean> {
    const same = this.open.get(store.key);
    if (same && this.waiting.includes(same) && isSameAnswer(same.store, store)) {
      same.store.ttlSeconds = Math.max(same.store.ttlSeconds, store.ttlSeconds);
      return same.stored.promise;
    }
    const added = { store, model, stored: Promise.withResolvers<boolean>(), isForgotten: false };
    this.open.set(store.key, added);
    this.waiting.push(added);
    this.unfinished.add(added);
    if (this.waiting.length >= maxTogether || this.closing.signal.aborted) this.send();
    else this.timer ??= setTimeout(() => this.send(), Math.max(0, this.sentAt + pauseMs - performance.now()));
    return added.stored.promise;
  }

  /** The cache was cleared, by another gateway too: what is not sent yet must not come back. */
  forget(filter: EntryFilter): void {
    for (const waiting of this.unfinished) {
      const { key, request } = waiting.store;
      const { storedAt, servedModel: model } = request.entry;
      if (!matches({ model, tenant: request.tenant, storedAt }, filter)) continue;
      waiting.isForgotten = true;
      if (this.open.get(key) === waiting) this.open.delete(key);
    }
  }

  /** Sends what waits; it is all there, or given up, when this ends. */
  async settle(): Promise<void> {
    this.send();
    await Promise.all(this.sending);
  }

  onApplicationShutdown(): Promise<void> {
    this.closing.abort();
    return this.settle();
  }

  private send(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const sending = this.waiting;
    if (sending.length === 0) return;
    this.waiting = [];
    this.sentAt = performance.now();
    const sent = this.put(sending)
      .catch(() => new Set<Store>())
      .then((areStored) => {
        for (const waiting of sending) {
          const { store, stored } = waiting;
          if (this.open.get(store.key) === waiting) this.open.delete(store.key);
          this.unfinished.delete(waiting);
          stored.resolve(areStored.has(store) || waiting.isForgotten);
        }
        this.sending.delete(sent);
      });
    this.sending.add(sent);
  }

  /** @returns those that were stored. Under a model that was replaced meanwhile stands what the other one said. */
  private async put(sending: readonly Waiting[]): Promise<Set<Store>> {
    // An answer that was paid for is not thrown away because the cache service was slow for a moment.
    await this.entries.untilReachable(this.closing.signal);
    const isReplaced = await this.replaced.find(sending.map(({ model }) => model));
    const stores = sending
      .filter(({ model, isForgotten }) => !isForgotten && !isReplaced(model))
      .map(({ store }) => store);
    const stored = stores.length > 0 ? await this.entries.put(stores) : [];
    return new Set(stores.filter((_, index) => stored[index] === true));
  }
}

/** As requests that have joined one generation end with. */
function isSameAnswer(one: Store, other: Store): boolean {
  return isDeepStrictEqual(one.request.entry.message.content, other.request.entry.message.content);
}
