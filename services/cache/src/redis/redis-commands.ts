import { type RedisStore as RedisYetStore, redisInsStore } from "cache-manager-redis-yet";
import type { RedisClientType } from "redis";

/** Commands on one key, which stands first; a cluster has no others. `RedisConnection.ask` knows all commands. */
const commandNames = ["get", "set", "del", "exists", "expire", "pExpire", "pTTL", "incr"] as const;

export type CommandName = (typeof commandNames)[number];
export type RedisCommands = Pick<RedisClientType, CommandName>;

/** What cache-manager-redis-yet makes of the commands; its operations on several keys are not for a cluster. */
export type RedisStore = Pick<RedisYetStore, "get" | "set" | "del" | "ttl"> & {
  readonly client: RedisCommands;
};

/** One command with its arguments, to be given to whichever client has its key. */
export interface RedisCommand {
  name: string;
  key: string;
  execute: (client: RedisClientType) => Promise<unknown>;
}

/** Raised with every incompatible change of what stands under a key. */
const keyPrefix = "llm-selfhost:entry:1";

/** A store that hands each of its commands to `send`. */
export function createRedisStore(send: (command: RedisCommand) => Promise<unknown>): RedisStore {
  const toMethod = (name: CommandName) => [
    name,
    (key: string, ...others: unknown[]) => {
      const execute = (client: RedisClientType) =>
        (client[name] as (...args: unknown[]) => Promise<unknown>)(key, ...others);
      return send({ name, key, execute });
    },
  ];
  const commands = Object.fromEntries(commandNames.map(toMethod)) as RedisClientType;
  return redisInsStore(commands, { keyPrefix });
}
