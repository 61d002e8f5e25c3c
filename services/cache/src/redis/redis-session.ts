import { ClientOfflineError, ErrorReply, type RedisClientType } from "redis";
import { CircuitBreaker, CircuitOpenError } from "#platform/circuit-breaker.js";
import { afterWaiting } from "#platform/waiting-time.js";
import type { RedisAddress } from "./parse-redis-url.js";
import { createRedisClient } from "./redis-client.js";
import type { RedisOptions } from "./to-redis-options.js";

export const commandTimeoutMs = 175;

export class NoAnswerError extends Error {
  constructor(timeoutMs: number) {
    super(`no answer within ${timeoutMs} ms`);
  }
}

/** One connection to one Redis, from connecting to its loss; a new connection is a new session. */
export class RedisSession {
  private readonly abort = new AbortController();
  private readonly client: RedisClientType;
  private readonly breaker = new CircuitBreaker({
    failuresUntilOpen: 3,
    // The beat has its own interval.
    retryAfterMs: 0,
    isFailure: (error) => error instanceof NoAnswerError,
  });
  private readonly mustBeMaster: boolean;
  private isReady = false;
  /** Beats in a row without any answer. */
  silentBeats = 0;

  /** `onLost` tells of the end of a session that was open; `open` rejects for one that was not yet. */
  constructor(
    readonly address: RedisAddress,
    options: RedisOptions,
    onLost: (error: Error) => void,
  ) {
    this.mustBeMaster = options.topology === "sentinel";
    this.client = createRedisClient(address, options, this.abort.signal);
    this.client.on("error", (error: Error) => {
      if (this.isReady) onLost(error);
    });
  }

  get isAnswering(): boolean {
    return this.isReady && this.breaker.isClosed;
  }

  /** The ping finds what connecting does not: a missing password, a Redis that still loads its data. */
  async open(): Promise<void> {
    await this.client.connect();
    await this.client.ping().catch(passNoPermission);
    if (this.mustBeMaster) await this.checkMaster();
    this.isReady = true;
    this.silentBeats = 0;
  }

  /** @throws within 175 ms, at once while the circuit is open: only the beat tries whether it may close */
  async send<T>(command: (client: RedisClientType) => Promise<T>): Promise<T> {
    if (!this.isReady) throw new ClientOfflineError();
    if (!this.breaker.isClosed) throw new CircuitOpenError();
    return this.breaker.execute(() => within(commandTimeoutMs, command(this.client)));
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
    this.breaker.execute(() => within(commandTimeoutMs, answer)).catch(() => {});
  }

  /** Past the circuit. @throws within 175 ms */
  async ping(): Promise<void> {
    if (!this.isReady) throw new ClientOfflineError();
    await within(commandTimeoutMs, this.client.ping().catch(passNoPermission));
  }

  /** At once, with Redis hung too. */
  close(): void {
    this.isReady = false;
    this.client.disconnect().catch(() => {});
    this.abort.abort();
  }

  /** Sentinels may be late: who was the master a moment ago may be a replica now. */
  private async checkMaster(): Promise<void> {
    const role = await this.client.role().catch(passNoPermission);
    if (role && role.role !== "master") throw new Error("the sentinels name a Redis that is no master");
  }

  private onAnswer(): void {
    this.silentBeats = 0;
  }
}

/** A busy event loop of ours is no Redis that does not answer. @throws NoAnswerError */
export function within<T>(timeoutMs: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = afterWaiting(timeoutMs, () => reject(new NoAnswerError(timeoutMs)));
    work.then(resolve, reject).finally(stop);
  });
}

/** Who may not ask was answered nevertheless. */
function passNoPermission(error: unknown): undefined {
  if (error instanceof ErrorReply && error.message.startsWith("NOPERM")) return undefined;
  throw error;
}
