import { ApiError } from "#anthropic/errors.js";

interface Waiting {
  start: () => void;
}

/** The backend's places: as many generations at once as it runs in parallel, the others in order of arrival. */
export class Slots {
  private taken = 0;
  private readonly queue: Waiting[] = [];

  constructor(
    private readonly width: number,
    private readonly queueLimit: number,
  ) {}

  get depth(): number {
    return this.queue.length;
  }

  get busy(): number {
    return this.taken;
  }

  get isFull(): boolean {
    return this.taken >= this.width && this.queue.length >= this.queueLimit;
  }

  /**
   * Resolves when a place is free; rejects when `signal` fires before.
   * @throws ApiError `overloaded_error`, at once, when the queue is full
   */
  take(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.reject(signal.reason as Error);
    if (this.taken < this.width) {
      this.taken += 1;
      return Promise.resolve();
    }
    if (this.isFull)
      throw new ApiError("overloaded_error", `The queue is full: ${this.queue.length} requests are waiting`, {
        retryAfterSeconds: 10,
      });
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.queue.splice(this.queue.indexOf(waiting), 1);
        reject(signal.reason as Error);
      };
      const waiting: Waiting = {
        start: () => {
          signal.removeEventListener("abort", leave);
          resolve();
        },
      };
      this.queue.push(waiting);
      signal.addEventListener("abort", leave, { once: true });
    });
  }

  release(): void {
    const next = this.queue.shift();
    if (next) next.start();
    else this.taken -= 1;
  }
}
