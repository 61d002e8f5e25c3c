/** Slots of the model: whoever finds none free waits in line, without limit. */
export class Slots {
  running = 0;
  #waiting: (() => void)[] = [];

  /** Resolves false when the signal aborts first. */
  async acquire(count: () => number, signal: AbortSignal): Promise<boolean> {
    while (this.running >= count() && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const leave = (): void => {
          this.#waiting = this.#waiting.filter((waiter) => waiter !== enter);
          resolve();
        };
        const enter = (): void => {
          signal.removeEventListener("abort", leave);
          resolve();
        };
        signal.addEventListener("abort", leave, { once: true });
        this.#waiting.push(enter);
      });
    }
    if (signal.aborted) {
      if (this.running < count()) this.#waiting.shift()?.();
      return false;
    }
    this.running += 1;
    return true;
  }

  release(): void {
    this.running -= 1;
    this.#waiting.shift()?.();
  }
}
