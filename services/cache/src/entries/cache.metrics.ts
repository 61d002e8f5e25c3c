import { Inject, Injectable } from "@nestjs/common";
import { Counter, Histogram, Registry } from "prom-client";
import { mapRedisError, redisFaults } from "../redis/map-redis-error.js";
import { type Damage, damages } from "../sealing/frame.js";

export type Tier = "memory" | "redis";
export type Operation = "get" | "set" | "delete" | "list";

const secondsBuckets = [0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25];

/** What became of the operations on one tier since the start. */
export interface Tally {
  hits: number;
  misses: number;
  stores: number;
  errors: number;
}

@Injectable()
export class CacheMetrics {
  /** `gateway`: what gateways reported of their copies. */
  readonly tallies: Record<Tier | "gateway", Tally> = {
    gateway: newTally(),
    memory: newTally(),
    redis: newTally(),
  };
  private readonly duration: Histogram<"operation" | "tier">;
  private readonly redisErrors: Counter<"kind">;
  private readonly damaged: Counter<"reason">;

  constructor(@Inject(Registry) registry: Registry) {
    this.duration = new Histogram({
      name: "llm_cache_operation_duration_seconds",
      help: "Duration of an operation on one tier, failed ones too.",
      labelNames: ["operation", "tier"],
      buckets: secondsBuckets,
      registers: [registry],
    });
    this.redisErrors = new Counter({
      name: "llm_cache_redis_errors_total",
      help: "Redis commands and connections that failed, by kind.",
      labelNames: ["kind"],
      registers: [registry],
    });
    for (const kind of redisFaults) this.redisErrors.inc({ kind }, 0);
    this.damaged = new Counter({
      name: "llm_cache_damaged_total",
      help: "Values in Redis that were not taken, by reason: each is a miss.",
      labelNames: ["reason"],
      registers: [registry],
    });
    for (const reason of damages) this.damaged.inc({ reason }, 0);
  }

  async measure<T>(operation: Operation, tier: Tier, work: () => Promise<T>): Promise<T> {
    const end = this.duration.startTimer({ operation, tier });
    try {
      return await work();
    } finally {
      end();
    }
  }

  countLookup(tier: Tier, isHit: boolean): void {
    this.tallies[tier][isHit ? "hits" : "misses"] += 1;
  }

  countDamage(reason: Damage): void {
    this.damaged.inc({ reason });
  }

  countRedisError(error: unknown): void {
    this.redisErrors.inc({ kind: mapRedisError(error) });
  }
}

function newTally(): Tally {
  return { hits: 0, misses: 0, stores: 0, errors: 0 };
}
