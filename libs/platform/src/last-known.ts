import { setTimeout as delay } from "node:timers/promises";

const freshMs = 5000;
/** Whoever answers slowly holds no request up for longer. */
const waitMs = 500;

/** What somebody else has to tell, asked for again every few seconds; the last answer stands while nobody gives one. */
export class LastKnown<T> {
  private last: T | undefined;
  private askedAt = -Infinity;
  private asking: Promise<T> | undefined;

  constructor(
    private readonly ask: () => Promise<T>,
    private readonly onFailure: (error: Error) => void = () => {},
  ) {}

  /** However old. */
  get value(): T | undefined {
    return this.last;
  }

  /** A few seconds old at most; undefined where it would have to be asked for. */
  get fresh(): T | undefined {
    return performance.now() - this.askedAt < freshMs ? this.last : undefined;
  }

  /** Fresh where an answer comes in time, else the last one. @throws what `ask` throws where none ever came */
  async get(): Promise<T> {
    if (this.last === undefined) return this.refresh();
    if (this.fresh !== undefined) return this.last;
    this.askedAt = performance.now();
    await untilEnd(this.refresh().catch(this.onFailure));
    return this.last;
  }

  /** Asks now. @throws what `ask` throws */
  refresh(): Promise<T> {
    this.asking ??= this.renew().finally(() => (this.asking = undefined));
    return this.asking;
  }

  /** Not at what was asked before this moment. */
  async lookAgain(): Promise<void> {
    await untilEnd(this.asking?.catch(() => undefined).then(() => this.refresh()) ?? this.refresh());
  }

  /** An answer of an earlier life, where none has come yet: it stands, and is not fresh. */
  recall(value: T): T {
    this.last ??= value;
    return this.last;
  }

  private async renew(): Promise<T> {
    this.last = await this.ask();
    this.askedAt = performance.now();
    return this.last;
  }
}

/** Well or not, but not for long. */
async function untilEnd(asked: Promise<unknown>): Promise<void> {
  await Promise.race([asked.catch(() => undefined), delay(waitMs, undefined, { ref: false })]);
}
