import { Inject, Injectable } from "@nestjs/common";
import { Gauge, Registry } from "prom-client";
import { observeGauge } from "#platform/metrics.js";
import { RedisConnection } from "../redis/redis-connection.js";
import { MemoryTier } from "./memory-tier.js";

/** The tiers' state, read when it is scraped. */
@Injectable()
export class TierGauges {
  constructor(@Inject(Registry) registry: Registry, memory: MemoryTier, redis: RedisConnection) {
    observeMemory(registry, "llm_cache_entries", "Entries in a tier.", () => memory.size.entries);
    observeMemory(registry, "llm_cache_bytes", "Bytes that a tier holds.", () => memory.size.bytes);
    const help = "1: Redis answers, or none is configured. 0: a configured Redis does not answer.";
    observeGauge(registry, "llm_cache_store_up", help, () =>
      redis.state === "up" || redis.state === "none" ? 1 : 0,
    );
  }
}

function observeMemory(registry: Registry, name: string, help: string, read: () => number): Gauge {
  return new Gauge({
    name,
    help,
    labelNames: ["tier"],
    registers: [registry],
    collect() {
      this.set({ tier: "memory" }, read());
    },
  });
}
