import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from "@nestjs/common";
import type { RedisStore } from "cache-manager-redis-yet";
import { ClientOfflineError } from "redis";
import { LOGGER, type Logger } from "#platform/logging.js";
import { CacheConfig } from "../cache.config.js";
import { CacheMetrics } from "../entries/cache.metrics.js";
import { describeRedisError } from "./describe-redis-error.js";
import { RedisSession } from "./redis-session.js";
import { type RedisOptions, toRedisOptions } from "./to-redis-options.js";

export type RedisState = "none" | "connecting" | "up" | "down";

const beatIntervalMs = 1000;
const silentBeatsUntilLost = 3;
const maxReconnectDelayMs = 2000;

/** Keeps a session with Redis open as long as the service runs; a lost or silent one is replaced. */
@Injectable()
export class RedisConnection implements OnModuleInit, OnApplicationShutdown {
  private readonly options: RedisOptions | undefined;
  private session: RedisSession | undefined;
  private beats: NodeJS.Timeout | undefined;
  private reconnect: NodeJS.Timeout | undefined;
  private attempts = 0;
  private lastFault: string | undefined;

  constructor(
    config: CacheConfig,
    private readonly metrics: CacheMetrics,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.options = toRedisOptions(config);
  }

  get state(): RedisState {
    if (!this.options) return "none";
    if (this.session?.isAnswering) return "up";
    return this.session && this.attempts === 0 && this.lastFault === undefined ? "connecting" : "down";
  }

  /** Why it is down. */
  get fault(): string | undefined {
    return this.lastFault;
  }

  onModuleInit(): void {
    if (!this.options) return;
    this.open(this.options);
    this.beats = setInterval(() => this.beat(), beatIntervalMs).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.beats);
    clearTimeout(this.reconnect);
    this.session?.close();
    this.session = undefined;
  }

  /** @throws within 200 ms, at once while Redis is known to be away */
  async run<T>(command: (store: RedisStore) => Promise<T>): Promise<T> {
    if (!this.session) throw new ClientOfflineError();
    return this.session.run(command);
  }

  /** @throws within 200 ms */
  async ping(): Promise<void> {
    if (!this.session) throw new ClientOfflineError();
    return this.session.ping();
  }

  /** An error's text without the password. */
  describe(error: unknown): string {
    return describeRedisError(error, this.options?.password ?? "");
  }

  private open(options: RedisOptions): void {
    const session = new RedisSession(options, (error) => this.lose(session, error));
    this.session = session;
    session.open().then(
      () => this.onReady(session),
      (error: unknown) => this.lose(session, error),
    );
  }

  private onReady(session: RedisSession): void {
    if (session !== this.session) return;
    this.attempts = 0;
    this.lastFault = undefined;
    this.logger.info("connected to Redis");
  }

  /** A stalled process is no silent Redis: beats are counted, not time. */
  private beat(): void {
    const { session } = this;
    if (!session) return;
    if (session.silentBeats < silentBeatsUntilLost) session.beat();
    else this.lose(session, new Error(`no answer for ${silentBeatsUntilLost} s`));
  }

  private lose(session: RedisSession, error: unknown): void {
    const { options } = this;
    if (session !== this.session || !options) return;
    this.session = undefined;
    session.close();
    this.metrics.countRedisError(error);
    const reason = this.describe(error);
    if (reason !== this.lastFault) this.logger.warn({ reason }, "Redis is away; going on with memory only");
    this.lastFault = reason;
    this.reconnect = setTimeout(() => this.open(options), reconnectDelayMs(this.attempts)).unref();
    this.attempts += 1;
  }
}

/** Doubles from 100 ms to 2 s; the jitter keeps replicas from coming back in one instant. */
function reconnectDelayMs(attempts: number): number {
  return Math.min(100 * 2 ** attempts, maxReconnectDelayMs) * (0.5 + Math.random() / 2);
}
