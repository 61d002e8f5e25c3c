import type { FactoryProvider } from "@nestjs/common";
import { RedisConnection } from "../redis/redis-connection.js";
import { EntryIndex } from "./entry-index.js";
import { MemoryIndex } from "./memory-index.js";
import { RedisIndex } from "./redis-index.js";

export const indexProvider: FactoryProvider<EntryIndex> = {
  provide: EntryIndex,
  inject: [RedisConnection, MemoryIndex, RedisIndex],
  useFactory: (redis: RedisConnection, memory: MemoryIndex, inRedis: RedisIndex) =>
    redis.state === "none" ? memory : inRedis,
};
