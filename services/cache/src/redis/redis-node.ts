import { ClientOfflineError } from "redis";
import { describeRedisError } from "./describe-redis-error.js";
import { explainConnectError } from "./explain-connect-error.js";
import { mapRedisError } from "./map-redis-error.js";
import type { RedisAddress } from "./parse-redis-url.js";
import type { RedisCommand } from "./redis-commands.js";
import { RedisSession } from "./redis-session.js";
import type { RedisEvents, RedisTarget } from "./redis-target.js";
import type { RedisOptions } from "./to-redis-options.js";

const beatIntervalMs = 1000;
const silentBeatsUntilLost = 3;
const maxReconnectDelayMs = 2000;
/** A Redis that became a replica is looked up again, but one that stays read-only keeps its readers. */
const readOnlyReopenMs = 30_000;

/** Keeps a session with one Redis open until it is stopped; a lost or silent one is replaced. */
export class RedisNode implements RedisTarget {
  private session: RedisSession | undefined;
  private beats: NodeJS.Timeout | undefined;
  private reconnect: NodeJS.Timeout | undefined;
  private attempts = 0;
  private lastReadOnlyReopen = -Infinity;
  private readonly stopped = new AbortController();
  /** The last error as it came, and in words: one that repeats is not looked into again. */
  private known = { error: "", reason: "" };
  fault: string | undefined;

  constructor(
    private readonly findAddress: (signal: AbortSignal) => Promise<RedisAddress>,
    private readonly options: RedisOptions,
    private readonly events: RedisEvents,
  ) {}

  get isAnswering(): boolean {
    return this.session?.isAnswering === true;
  }

  start(): void {
    void this.open();
    this.beats = setInterval(() => this.beat(), beatIntervalMs).unref();
  }

  stop(): void {
    this.stopped.abort();
    clearInterval(this.beats);
    clearTimeout(this.reconnect);
    this.session?.close();
    this.session = undefined;
  }

  async send({ execute }: Pick<RedisCommand, "execute">): Promise<unknown> {
    const { session } = this;
    if (!session) throw new ClientOfflineError();
    try {
      return await session.send(execute);
    } catch (error) {
      if (mapRedisError(error) === "read_only") this.reopenReadOnly(session);
      throw error;
    }
  }

  async ping(): Promise<void> {
    if (!this.session) throw new ClientOfflineError();
    await this.session.ping();
  }

  private async open(): Promise<void> {
    let session: RedisSession | undefined;
    try {
      const address = await this.findAddress(this.stopped.signal);
      if (this.stopped.signal.aborted) return;
      const opened = new RedisSession(address, this.options, (error) => this.lose(opened, error));
      session = this.session = opened;
      await opened.open();
      this.onReady(opened);
    } catch (error) {
      if (session === this.session) await this.explainAndLose(session, error);
    }
  }

  private onReady(session: RedisSession): void {
    if (session !== this.session) return;
    this.attempts = 0;
    this.fault = undefined;
    this.known = { error: "", reason: "" };
    this.events.onUp(session.address);
  }

  private async explainAndLose(session: RedisSession | undefined, error: unknown): Promise<void> {
    session?.close();
    const text = describeRedisError(error, this.options.password);
    if (session && text !== this.known.error)
      this.known = { error: text, reason: await explainConnectError(error, session.address, this.options) };
    this.lose(session, error, session ? this.known.reason : text);
  }

  /** A stalled process is no silent Redis: beats are counted, not time. */
  private beat(): void {
    const { session } = this;
    if (!session) return;
    if (session.silentBeats < silentBeatsUntilLost) session.beat();
    else this.lose(session, new Error(`no answer for ${silentBeatsUntilLost} s`));
  }

  private reopenReadOnly(session: RedisSession): void {
    const now = performance.now();
    if (session !== this.session || now - this.lastReadOnlyReopen < readOnlyReopenMs) return;
    this.lastReadOnlyReopen = now;
    this.session = undefined;
    session.close();
    void this.open();
  }

  private lose(
    session: RedisSession | undefined,
    error: unknown,
    reason = describeRedisError(error, this.options.password),
  ): void {
    if (session !== this.session || this.stopped.signal.aborted) return;
    this.session = undefined;
    session?.close();
    const isNew = reason !== this.fault;
    this.fault = reason;
    this.events.onFault(error, reason, isNew);
    this.reconnect = setTimeout(() => void this.open(), reconnectDelayMs(this.attempts)).unref();
    this.attempts += 1;
  }
}

/** Doubles from 100 ms to 2 s; the jitter keeps replicas from coming back in one instant. */
function reconnectDelayMs(attempts: number): number {
  return Math.min(100 * 2 ** attempts, maxReconnectDelayMs) * (0.5 + Math.random() / 2);
}
