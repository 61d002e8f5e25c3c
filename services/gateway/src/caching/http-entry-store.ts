import { Injectable } from "@nestjs/common";
import { cacheHeaders } from "#service-contracts/cache-headers.js";
import type { StoreAnswer } from "#service-contracts/cache-store.js";
import { CacheConnection } from "./cache-connection.js";
import type { EntryStore, Found, Store } from "./entry-store.js";

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
  ): Promise<Found | "given" | undefined> {
    const query = givenHash === undefined ? "" : `?given=${givenHash}`;
    const path = `/entries/${key}${isForCopy ? "/copy" : ""}${query}`;
    const answer = await this.cache.lookUp({ method: "GET", path });
    if (answer?.status === 404 && answer.headers[cacheHeaders.given] === "true") return "given";
    if (answer?.status !== 200) return undefined;
    return isForCopy ? (answer.body ?? {}) : { entry: answer.body };
  }

  async put(stores: readonly Store[]): Promise<boolean[]> {
    const parts = stores.map((store) => ({ store, json: JSON.stringify(store.request) }));
    const sent = toLoads(parts, ({ json }) => json.length).map((load) => this.putLoad(load));
    return (await Promise.all(sent)).flat();
  }

  private async putLoad(parts: readonly Part[]): Promise<boolean[]> {
    const [one] = parts;
    if (one && parts.length === 1) {
      const path = `/entries/${one.store.key}?ttl=${one.store.ttlSeconds}`;
      return [(await this.cache.store({ method: "PUT", path, json: one.json })) !== undefined];
    }
    const answer = await this.cache.store({ method: "POST", path: "/entries", json: toStoresRequest(parts) });
    const { stored } = (answer?.body ?? {}) as Partial<StoreAnswer>;
    return parts.map((_, index) => stored?.[index] === true);
  }
}

interface Part {
  store: Store;
  json: string;
}

/** A `StoresRequest`, around what is JSON already. */
function toStoresRequest(parts: readonly Part[]): string {
  const stores = parts.map(
    ({ store: { key, ttlSeconds }, json }) =>
      `{"key":${JSON.stringify(key)},"ttl":${ttlSeconds},"request":${json}}`,
  );
  return `{"stores":[${stores.join(",")}]}`;
}

/** In order, with at most `maxLoad` characters each, or one that is larger. */
function toLoads<T>(parts: readonly T[], sizeOf: (part: T) => number): T[][] {
  const loads: T[][] = [];
  let room = 0;
  for (const part of parts) {
    if (sizeOf(part) > room) {
      loads.push([]);
      room = maxLoad;
    }
    loads.at(-1)?.push(part);
    room -= sizeOf(part);
  }
  return loads;
}
