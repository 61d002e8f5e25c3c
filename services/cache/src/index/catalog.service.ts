import { Injectable } from "@nestjs/common";
import type { EntryDetails, EntryPage } from "#service-contracts/cache-store.js";
import { type EntryFilter, matches } from "#service-contracts/entry-filter.js";
import type { StoredEntry } from "#service-contracts/stored-entry.js";
import { Coherence } from "../coherence/coherence.js";
import type { IndexedEntry } from "../entries/entry-facts.js";
import { MemoryTier } from "../entries/memory-tier.js";
import { RedisAccess } from "../entries/redis-access.js";
import { RedisEntries } from "../entries/redis-entries.js";
import { RedisConnection } from "../redis/redis-connection.js";
import { EntryIndex } from "./entry-index.js";
import type { PageQuery } from "./parse-entry-query.js";
import { encodeCursor, type Position, positionOf } from "./position.js";
import { toEntryInfo } from "./to-entry-info.js";

/** A page that few entries match ends here, and is asked on with its cursor: no request looks through all. */
const maxSearched = 10_000;
/** After every other key. */
const lastKey = "g";

/** Lists, shows and deletes what is stored. Where Redis is configured and away, it says so. */
@Injectable()
export class CatalogService {
  constructor(
    private readonly redis: RedisConnection,
    private readonly access: RedisAccess,
    private readonly entries: RedisEntries,
    private readonly index: EntryIndex,
    private readonly memory: MemoryTier,
    private readonly coherence: Coherence,
  ) {}

  async page({ filter, limit, after }: PageQuery): Promise<EntryPage> {
    const found: IndexedEntry[] = [];
    let searched = 0;
    for await (const { entries } of this.index.walk(startOf(filter, after))) {
      for (const entry of entries) {
        searched += 1;
        if (matches(entry.facts, filter)) found.push(entry);
        if (found.length > limit) return toPage(found.slice(0, limit), found[limit - 1]);
      }
      if (searched >= maxSearched) return toPage(found, entries.at(-1));
    }
    return toPage(found, undefined);
  }

  async details(key: string): Promise<EntryDetails | undefined> {
    const known = await this.index.find(key);
    const stored = known && (await this.readText(key));
    if (!stored) return undefined;
    return {
      ...toEntryInfo(known),
      entry: JSON.parse(stored.text) as StoredEntry,
      ...(stored.request !== undefined && { request: JSON.parse(stored.request) as unknown }),
    };
  }

  /** Batch by batch, in this process, in Redis, and at the others over it. What cannot be read may be meant. */
  async deleteMatching(filter: EntryFilter): Promise<number> {
    let deleted = 0;
    // Before it, so that gateways hold back what they would send meanwhile, and behind it.
    void this.coherence.publish({ filter });
    try {
      for await (const { entries, unreadable } of this.index.walk(startOf(filter, undefined))) {
        const meant = entries.filter(({ facts }) => matches(facts, filter));
        const keys = [...meant.map(({ key }) => key), ...unreadable];
        await this.remove(keys);
        deleted += keys.length;
      }
      return deleted;
    } finally {
      const published = this.coherence.publish({ filter });
      this.memory.drop(({ facts }) => matches(facts, filter));
      await published;
    }
  }

  private async remove(keys: readonly string[]): Promise<void> {
    if (this.redis.state === "none") this.memory.dropKeys(keys);
    else if (keys.length > 0) await this.access.insist("delete", () => this.entries.remove(keys));
  }

  private async readText(key: string): Promise<{ text: string; request?: string } | undefined> {
    if (this.redis.state === "none") {
      const held = this.memory.peek(key);
      return held && { text: held.text.toString(), request: held.request?.toString() };
    }
    const [entry, request] = await this.access.insist("get", () =>
      Promise.all([this.entries.read(key), this.entries.readRequest(key)]),
    );
    return entry && { text: entry.text.toString(), request };
  }
}

/** Younger ones need not be read. */
function startOf({ storedBefore }: EntryFilter, after: Position | undefined): Position | undefined {
  if (storedBefore === undefined || (after && after.storedAt < storedBefore)) return after;
  return { storedAt: storedBefore, key: lastKey };
}

function toPage(entries: readonly IndexedEntry[], last: IndexedEntry | undefined): EntryPage {
  return {
    data: entries.map(toEntryInfo),
    next_cursor: last ? encodeCursor(positionOf(last)) : null,
  };
}
