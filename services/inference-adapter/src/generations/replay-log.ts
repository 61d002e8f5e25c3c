/**
 * A growing list that many readers read from its first item, each at his own pace: a slow reader is only an
 * index. Ends once, well or with an error, which every reader meets after the items.
 */
export class ReplayLog<T> {
  private readonly items: T[] = [];
  private ending: { error: unknown } | undefined;
  private wake = Promise.withResolvers<void>();

  get isFinished(): boolean {
    return this.ending !== undefined;
  }

  add(item: T): void {
    this.items.push(item);
    this.notify();
  }

  /** No item comes any more. With an error the readers throw it. */
  finish(error?: unknown): void {
    this.ending ??= { error };
    this.notify();
  }

  /** All items from the first. Throws the signal's reason when it fires. */
  async *read(signal: AbortSignal): AsyncGenerator<T> {
    const onAbort = () => this.notify();
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      for (let index = 0; ;) {
        signal.throwIfAborted();
        if (index < this.items.length) {
          yield this.items[index] as T;
          index += 1;
        } else if (!this.ending) await this.wake.promise;
        else if (this.ending.error === undefined) return;
        else throw this.ending.error;
      }
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  private notify(): void {
    this.wake.resolve();
    this.wake = Promise.withResolvers<void>();
  }
}
