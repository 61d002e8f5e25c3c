import { Injectable } from "@nestjs/common";
import { cacheHeaders } from "#service-contracts/cache-headers.js";
import type { Store, StoreAnswer } from "#service-contracts/cache-store.js";
import { CacheConnection } from "./cache-connection.js";
import type { EntryStore, FoundEntry } from "./entry-store.js";

/** The cache service takes 36 MiB and more. */
const maxLoad = 4 * 1024 * 1024;

/** The entries of a cache service that is reached over HTTP. */
@Injectable()
export class HttpEntryStore implements EntryStore {
  constructor(private readonly cache: CacheConnection) {}

  async find(
    key: string,
    givenHash: string | undefined,
    isForCopy: boolean,
  ): Promise<FoundEntry | "given" | undefined> {
    const query = givenHash === undefined ? "" : `?given=${givenHash}`;
    const path = `/entries/${key}${isForCopy ? "/copy" : ""}${query}`;
    const answer = await this.cache.lookUp({ method: "GET", path });
    if (answer?.status === 404 && answer.headers[cacheHeaders.given] === "true") return "given";
    if (answer?.status !== 200) return undefined;
    return isForCopy ? (answer.body ?? {}) : { entry: answer.body };
  }

  untilReachable(signal: AbortSignal): Promise<void> {
    return this.cache.untilAsked(signal);
  }

  async put(stores: readonly Store[]): Promise<boolean[]> {
    const [one] = stores;
    if (one && stores.length === 1) return [await this.putOne(one)];
    const loads = toLoads(stores.map((store) => JSON.stringify(store)));
    return (await Promise.all(loads.map((load) => this.putLoad(load)))).flat();
  }

  private async putOne({ key, ttlSeconds, request: body }: Store): Promise<boolean> {
    const path = `/entries/${key}?ttl=${ttlSeconds}`;
    return (await this.cache.store({ method: "PUT", path, body })) !== undefined;
  }

  /** Stores that are JSON already, as a `StoresRequest`. */
  private async putLoad(stores: readonly string[]): Promise<boolean[]> {
    const json = `{"stores":[${stores.join(",")}]}`;
    const answer = await this.cache.store({ method: "POST", path: "/entries", json });
    const { stored } = (answer?.body ?? {}) as Partial<StoreAnswer>;
    return stores.map((_, index) => stored?.[index] === true);
  }
}

/** In order, with at most `maxLoad` characters each, or one text that is longer. */
function toLoads(texts: readonly string[]): string[][] {
  const loads: string[][] = [];
  let room = 0;
  for (const text of texts) {
    if (text.length > room) {
      loads.push([]);
      room = maxLoad;
    }
    loads.at(-1)?.push(text);
    room -= text.length;
  }
  return loads;
}
