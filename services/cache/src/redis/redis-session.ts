import { type RedisStore, redisInsStore } from "cache-manager-redis-yet";
import {
  CircuitState,
  ConsecutiveBreaker,
  TimeoutStrategy,
  circuitBreaker,
  handleType,
  TaskCancelledError,
  timeout,
  wrap,
} from "cockatiel";
import { ClientOfflineError, ErrorReply, type RedisClientType } from "redis";
import { createRedisClient } from "./redis-client.js";
import type { RedisOptions } from "./to-redis-options.js";

const commandTimeoutMs = 175;
const failuresUntilOpen = 3;
const halfOpenAfterMs = 1000;
/** Raised with every incompatible change of what stands under a key. */
const keyPrefix = "llm-selfhost:entry:1";

/** One connection to Redis, from connecting to its loss; a new connection is a new session. */
export class RedisSession {
  private readonly abort = new AbortController();
  private readonly client: RedisClientType;
  private readonly store: RedisStore;
  private readonly breaker = circuitBreaker(handleType(TaskCancelledError), {
    halfOpenAfter: halfOpenAfterMs,
    breaker: new ConsecutiveBreaker(failuresUntilOpen),
  });
  /** The outer limit is for who waits while another request tries a half-open circuit. */
  private readonly policy = wrap(limit(commandTimeoutMs), this.breaker, limit(commandTimeoutMs));
  private isReady = false;
  /** Beats in a row without any answer. */
  silentBeats = 0;

  constructor(options: RedisOptions, onError: (error: Error) => void) {
    this.client = createRedisClient(options, this.abort.signal);
    this.client.on("error", onError);
    this.store = redisInsStore(this.client, { keyPrefix });
  }

  get isAnswering(): boolean {
    return this.isReady && this.breaker.state === CircuitState.Closed;
  }

  /** The ping finds what connecting does not: a missing password, a Redis that still loads its data. */
  async open(): Promise<void> {
    await this.client.connect();
    await this.client.ping();
    this.isReady = true;
    this.silentBeats = 0;
  }

  /** @throws within 200 ms, at once while the circuit is open */
  async run<T>(command: (store: RedisStore) => Promise<T>): Promise<T> {
    if (!this.isReady) throw new ClientOfflineError();
    return this.policy.execute(() => command(this.store));
  }

  /** Asks whether Redis still lives, so that the circuit closes and a dead socket shows without a request too. */
  beat(): void {
    this.silentBeats += 1;
    if (!this.isReady) return;
    const answer = this.client.ping().then(
      () => this.onAnswer(),
      (error: unknown) => {
        if (error instanceof ErrorReply) this.onAnswer();
      },
    );
    this.policy.execute(() => answer).catch(() => {});
  }

  /** Past the circuit. @throws within 200 ms */
  async ping(): Promise<void> {
    if (!this.isReady) throw new ClientOfflineError();
    await limit(commandTimeoutMs).execute(() => this.client.ping());
  }

  /** At once, with Redis hung too. */
  close(): void {
    this.isReady = false;
    this.client.disconnect().catch(() => {});
    this.abort.abort();
  }

  private onAnswer(): void {
    this.silentBeats = 0;
  }
}

function limit(timeoutMs: number) {
  return timeout(timeoutMs, TimeoutStrategy.Aggressive);
}
