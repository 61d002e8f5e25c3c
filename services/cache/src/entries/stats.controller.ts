import { Controller, Get } from "@nestjs/common";
import { type RedisState, RedisConnection } from "../redis/redis-connection.js";
import { CacheMetrics, type Tally } from "./cache.metrics.js";
import { MemoryTier } from "./memory-tier.js";

interface CacheStats {
  memory: Tally & { entries: number; bytes: number; max_bytes: number };
  redis: Tally & { state: RedisState };
}

@Controller("stats")
export class StatsController {
  constructor(
    private readonly metrics: CacheMetrics,
    private readonly memory: MemoryTier,
    private readonly redis: RedisConnection,
  ) {}

  /** Counts are of this process's life. */
  @Get()
  stats(): CacheStats {
    const { memory, redis } = this.metrics.tallies;
    return {
      memory: { ...this.memory.size, max_bytes: this.memory.maxBytes, ...memory },
      redis: { state: this.redis.state, ...redis },
    };
  }
}
