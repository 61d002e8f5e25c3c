import type { RedisAddress } from "./parse-redis-url.js";
import type { RedisCommand } from "./redis-commands.js";

export interface RedisEvents {
  onUp(address: RedisAddress): void;
  /** `isNew`: the reason is not the one of the last time. */
  onFault(error: unknown, reason: string, isNew: boolean): void;
  /** The same of one node of a cluster. */
  forNode(name: string): RedisEvents;
}

/** Where commands go: one Redis, found directly or through sentinels, or the nodes of a cluster. */
export interface RedisTarget {
  /** All of it. */
  readonly isAnswering: boolean;
  /** Why it is not. */
  readonly fault: string | undefined;
  start(): void;
  stop(): void;
  /** @throws at once while the Redis of the key is known to be away */
  send(command: RedisCommand): Promise<unknown>;
  ping(): Promise<void>;
}
