import { Injectable, type OnModuleDestroy, type OnModuleInit } from "@nestjs/common";
import { RedisConnection } from "../redis/redis-connection.js";
import { RedisIndex } from "./redis-index.js";

const flushIntervalMs = 1000;
const pruneIntervalMs = 30_000;

/** Brings counted hits to Redis, and takes what has expired out of the index there. */
@Injectable()
export class IndexUpkeep implements OnModuleInit, OnModuleDestroy {
  private timers: NodeJS.Timeout[] = [];

  constructor(
    private readonly redis: RedisConnection,
    private readonly index: RedisIndex,
  ) {}

  onModuleInit(): void {
    if (this.redis.state === "none") return;
    const every = (ms: number, work: () => Promise<void>) =>
      setInterval(() => void work().catch(() => {}), ms).unref();
    this.timers = [
      every(flushIntervalMs, () => this.index.flushHits()),
      every(pruneIntervalMs, () => this.index.prune()),
    ];
  }

  async onModuleDestroy(): Promise<void> {
    for (const timer of this.timers) clearInterval(timer);
    if (this.timers.length > 0) await this.index.flushHits().catch(() => {});
  }
}
