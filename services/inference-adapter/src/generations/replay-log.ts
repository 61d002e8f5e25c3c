export interface LogReader<T, Item> {
  /** Before the first item. */
  onBegin?: () => void;
  /** What the reader gets of an item. */
  toItem: (item: T) => Item;
  /** He has read everything, or left, or met an error. */
  onEnd?: (isWhole: boolean) => void;
}

/**
 * A growing list that many readers read from its first item, each at his own pace: a slow reader is only an
 * index. Ends once, well or with an error, which every reader meets after the items.
 */
export class ReplayLog<T> {
  private readonly items: T[] = [];
  private ending: { error: unknown } | undefined;
  /** Of those who wait for more. */
  private waiting: PromiseWithResolvers<void> | undefined;

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
  async *read<Item>(
    signal: AbortSignal,
    { onBegin, toItem, onEnd }: LogReader<T, Item>,
  ): AsyncGenerator<Item> {
    let isWhole = false;
    onBegin?.();
    const onAbort = () => this.notify();
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      for (let index = 0; ;) {
        signal.throwIfAborted();
        if (index < this.items.length) {
          yield toItem(this.items[index] as T);
          index += 1;
        } else if (!this.ending) await (this.waiting ??= Promise.withResolvers<void>()).promise;
        else if (this.ending.error !== undefined) throw this.ending.error;
        else break;
      }
      isWhole = true;
    } finally {
      signal.removeEventListener("abort", onAbort);
      onEnd?.(isWhole);
    }
  }

  private notify(): void {
    this.waiting?.resolve();
    this.waiting = undefined;
  }
}
