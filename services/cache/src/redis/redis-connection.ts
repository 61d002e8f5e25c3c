import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from "@nestjs/common";
import { ClientOfflineError, commandOptions, ErrorReply, type RedisClientType } from "redis";
import { LOGGER, type Logger } from "#platform/logging.js";
import { CacheConfig } from "../cache.config.js";
import { CacheMetrics } from "../entries/cache.metrics.js";
import { describeRedisError } from "./describe-redis-error.js";
import { findMaster } from "./find-master.js";
import { RedisCluster } from "./redis-cluster.js";
import { createRedisStore, type RedisCommand, type RedisStore } from "./redis-commands.js";
import { RedisNode } from "./redis-node.js";
import { commandTimeoutMs, within } from "./redis-session.js";
import type { RedisEvents, RedisTarget } from "./redis-target.js";
import { RefusedCommands } from "./refused-commands.js";
import { type RedisOptions, toRedisOptions } from "./to-redis-options.js";

export type RedisState = "none" | "connecting" | "up" | "down";

/** The one way to Redis, whatever it is made of; tells its state, and logs and counts its faults. */
@Injectable()
export class RedisConnection implements OnModuleInit, OnApplicationShutdown {
  private readonly options: RedisOptions | undefined;
  private readonly target: RedisTarget | undefined;
  private readonly store: RedisStore = createRedisStore((command) => this.send(command));
  private readonly refused = new RefusedCommands();
  private wasUp = false;

  constructor(
    config: CacheConfig,
    private readonly metrics: CacheMetrics,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.options = toRedisOptions(config);
    this.target = this.options && createTarget(this.options, this.eventsOf());
  }

  get state(): RedisState {
    if (!this.target) return "none";
    if (this.target.isAnswering) return "up";
    return this.wasUp || this.target.fault !== undefined ? "down" : "connecting";
  }

  /** Why it is down, or what it refuses while it is up. */
  get fault(): string | undefined {
    return this.target?.fault ?? this.refused.reason;
  }

  onModuleInit(): void {
    this.target?.start();
  }

  onApplicationShutdown(): void {
    this.target?.stop();
  }

  /**
   * One command, or several at once: the circuit counts what a single command waits for.
   * @throws within 200 ms, at once while Redis is known to be away
   */
  async run<T>(command: (store: RedisStore) => Promise<T>): Promise<T> {
    return within(commandTimeoutMs, command(this.store));
  }

  /**
   * One command as Redis itself spells it, on keys of one slot of which `key` is one. Texts are answered as Buffers.
   * @throws within 200 ms, at once while Redis is known to be away
   */
  async ask(key: string, [name, ...others]: [string, ...(string | Buffer)[]]): Promise<unknown> {
    const execute = (client: RedisClientType) =>
      client.sendCommand([name, ...others], commandOptions({ returnBuffers: true }));
    return within(commandTimeoutMs, this.send({ name: name.toLowerCase(), key, execute }));
  }

  /** @throws within 200 ms, also when Redis answers but refuses what it is asked to do */
  async ping(): Promise<void> {
    if (!this.target) throw new ClientOfflineError();
    await this.target.ping();
    if (this.refused.reason !== undefined) throw new Error(this.refused.reason);
  }

  /** An error's text without the password. */
  describe(error: unknown): string {
    return describeRedisError(error, this.options?.password ?? "");
  }

  private async send(command: RedisCommand): Promise<unknown> {
    const { name } = command;
    if (!this.target) throw new ClientOfflineError();
    try {
      const answer = await this.target.send(command);
      this.refused.remove(name);
      return answer;
    } catch (error) {
      if (error instanceof ErrorReply) this.tellRefusal(name, error);
      throw error;
    }
  }

  private tellRefusal(name: string, error: ErrorReply): void {
    const reason = this.refused.add(name, this.describe(error));
    if (reason !== undefined) this.logger.warn({ reason }, "Redis refuses a command; memory has to do");
  }

  private eventsOf(node?: string): RedisEvents {
    return {
      onUp: () => {
        this.wasUp = true;
        this.logger.info({ node }, "connected to Redis");
      },
      onFault: (error, reason, isNew) => {
        this.metrics.countRedisError(error);
        if (isNew) this.logger.warn({ node, reason }, "Redis is away; going on with memory only");
      },
      forNode: (name) => this.eventsOf(name),
    };
  }
}

function createTarget(options: RedisOptions, events: RedisEvents): RedisTarget {
  if (options.topology === "cluster") return new RedisCluster(options, events);
  const { addresses } = options;
  const findAddress =
    options.topology === "sentinel"
      ? (signal: AbortSignal) => findMaster(options, signal)
      : async () => addresses[0];
  return new RedisNode(findAddress, options, events);
}
