import { Inject, Injectable, type OnModuleDestroy, type OnModuleInit } from "@nestjs/common";
import { LOGGER, type Logger } from "#platform/logging.js";
import { matches } from "#service-contracts/entry-filter.js";
import type { ChangeLine } from "#service-contracts/near-copies.js";
import { MemoryTier } from "../entries/memory-tier.js";
import { RedisConnection } from "../redis/redis-connection.js";
import type { Change } from "./change.js";
import { ChangeFeed } from "./change-feed.js";
import { ChangeLog } from "./change-log.js";
import { mergeChanges } from "./merge-changes.js";

const followIntervalMs = 200;
const joinIntervalMs = 20;
const rejoinIntervalMs = 1000;
const keepIntervalMs = 60_000;
/** Without word from the log for so long, nothing that was read in Redis is kept in memory. */
const maxUnheardMs = 2000;
/**
 * The longest that an entry is served from memory which another service may have deleted while Redis could not
 * be asked. Long enough for a restart of Redis, after which it is known again.
 */
const maxBlindMs = 300_000;

/**
 * Keeps this process' memory the same as the others' over one Redis: tells them what is replaced and deleted
 * here, and lets go of what is replaced and deleted there. The gateways that keep copies hear of both.
 */
@Injectable()
export class Coherence implements OnModuleInit, OnModuleDestroy {
  /** Changes seen so far: what was read in Redis before one is not kept after it. */
  changes = 0;
  private position: string | undefined;
  private heardAt = -Infinity;
  private keptAt = -Infinity;
  /** Once is enough: what came since is this process' own. */
  private endedBlindnessOf = -Infinity;
  private unsent: Change[] = [];
  private sending: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private isClosed = false;
  private wasRefused = false;
  /** The gateways know that this process does not hear of what others store. */
  private hasToldUnheard = false;
  /** The log does not know where this process was: it may have missed something. */
  private isLost = false;

  constructor(
    private readonly redis: RedisConnection,
    private readonly log: ChangeLog,
    private readonly memory: MemoryTier,
    private readonly feed: ChangeFeed,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Whether what is read in Redis may be kept in memory: its end would be heard of. */
  get isFollowing(): boolean {
    return performance.now() - this.heardAt < maxUnheardMs;
  }

  onModuleInit(): void {
    if (this.redis.state !== "none") this.schedule();
  }

  onModuleDestroy(): void {
    this.isClosed = true;
    clearTimeout(this.timer);
  }

  /**
   * Tells the gateways at once, and the others at the latest when Redis is back. Called when the change is made;
   * that it is being made is noted before, see `changes`.
   */
  async publish(change: Change): Promise<void> {
    this.changes += 1;
    this.feed.tell(toLine(change, true));
    if (this.redis.state === "none") return;
    this.unsent.push(change);
    await this.send().catch(() => {});
  }

  /** Sessions were given these entries; the gateways here know. The others hear of it with the next look at the log. */
  publishGiven(keys: readonly string[]): void {
    if (this.redis.state !== "none") this.unsent = mergeChanges([...this.unsent, { given: [...keys] }]);
  }

  private schedule(): void {
    if (this.isClosed) return;
    this.timer = setTimeout(() => void this.follow().finally(() => this.schedule()), this.delayMs).unref();
  }

  private get delayMs(): number {
    if (this.position !== undefined) return followIntervalMs;
    return this.wasRefused ? rejoinIntervalMs : joinIntervalMs;
  }

  private async follow(): Promise<void> {
    const askedAt = performance.now();
    if (this.position === undefined && this.redis.state !== "up") return this.goBlind(askedAt);
    try {
      if (this.position !== undefined) await this.readOn(this.position);
      if (this.position === undefined) await this.join();
      this.heardAt = askedAt;
      await this.send();
      await this.keep(askedAt);
      this.wasRefused = false;
      this.hasToldUnheard = false;
    } catch {
      this.wasRefused = true;
      this.goBlind(askedAt);
    }
  }

  private goBlind(now: number): void {
    if (!this.hasToldUnheard) this.feed.tell({ type: "unheard" });
    this.hasToldUnheard = true;
    this.endBlindness(now);
  }

  private endBlindness(now: number): void {
    if (now - this.heardAt <= maxBlindMs || this.endedBlindnessOf === this.heardAt) return;
    this.endedBlindnessOf = this.heardAt;
    this.letGo(this.heardAt);
  }

  /** Its own first word in the log is where it begins to read. */
  private async join(): Promise<void> {
    this.position = await this.log.append({ keys: [] });
    if (!this.isLost) return;
    this.isLost = false;
    this.logger.info("Redis has lost the log of changes; the memory tier starts anew");
    this.letGo(Infinity);
  }

  private async readOn(from: string): Promise<void> {
    const { changes, position, isEnd } = await this.log.read(from);
    for (const change of changes) this.apply(change);
    this.position = position;
    if (position === undefined) this.isLost = true;
    else if (!isEnd) await this.readOn(position);
  }

  private apply(change: Change): void {
    if ("keys" in change && change.keys.length === 0) return;
    if (!("given" in change)) this.changes += 1;
    if ("keys" in change) this.memory.dropKeys(change.keys);
    if ("filter" in change) this.memory.drop(({ facts }) => matches(facts, change.filter));
    this.feed.tell(toLine(change, false));
  }

  private letGo(heldBefore: number): void {
    this.changes += 1;
    this.memory.drop((_entry, heldAt) => heldAt < heldBefore);
    this.feed.tell({ type: "all_changed" });
  }

  /** One at a time, and all that has come up meanwhile in one: stores may come faster than Redis answers. */
  private async send(): Promise<void> {
    if (this.unsent.length > 0) this.sending ??= this.sendAll();
    await this.sending;
  }

  private async sendAll(): Promise<void> {
    try {
      while (this.unsent.length > 0) {
        const changes = mergeChanges(this.unsent.splice(0));
        await Promise.all(changes.map((change) => this.log.append(change))).catch((error: unknown) => {
          this.unsent = mergeChanges([...changes, ...this.unsent]);
          throw error;
        });
      }
    } finally {
      this.sending = undefined;
    }
  }

  private async keep(now: number): Promise<void> {
    if (now - this.keptAt < keepIntervalMs) return;
    await this.log.keep();
    this.keptAt = now;
  }
}

/**
 * Of one that was heard of without a filter only so much is known that anything may have changed: see `mergeChanges`.
 */
function toLine(change: Change, isOwn: boolean): ChangeLine {
  if ("filter" in change) {
    const { filter } = change;
    return isOwn || Object.keys(filter).length > 0 ? { type: "cleared", filter } : { type: "all_changed" };
  }
  const keys = "keys" in change ? change.keys : change.given;
  return keys === "any" ? { type: "all_changed" } : { type: "changed", keys };
}
