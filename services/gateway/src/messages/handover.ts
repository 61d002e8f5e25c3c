/**
 * What comes is kept until its one reader has taken it, and nothing is once he has left. Ends once, well or with an
 * error, which the reader meets behind the rest.
 */
export class Handover<T> {
  private waiting: T[] = [];
  private ending: { error: unknown } | undefined;
  private hasLeft = false;
  private wake = () => {};

  add(item: T): void {
    if (this.hasLeft) return;
    this.waiting.push(item);
    this.wake();
  }

  /** No item comes any more. With an error the reader throws it. */
  finish(error?: unknown): void {
    this.ending ??= { error };
    this.wake();
  }

  /** Throws the signal's reason when it fires. */
  async *read(signal: AbortSignal): AsyncGenerator<T> {
    const onAbort = () => this.wake();
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      for (;;) {
        signal.throwIfAborted();
        const items = this.waiting;
        this.waiting = [];
        for (const item of items) {
          yield item;
          signal.throwIfAborted();
        }
        if (this.waiting.length > 0) continue;
        if (!this.ending) await new Promise<void>((resolve) => (this.wake = resolve));
        else if (this.ending.error === undefined) return;
        else throw this.ending.error;
      }
    } finally {
      this.hasLeft = true;
      this.waiting = [];
      signal.removeEventListener("abort", onAbort);
    }
  }
}
