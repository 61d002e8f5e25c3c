/** It was not tried: the circuit is open. */
export class CircuitOpenError extends Error {
  constructor() {
    super("not asked, because it did not answer lately");
  }
}

interface CircuitOptions {
  /** Failures in a row. */
  failuresUntilOpen: number;
  /** From the last failure to the next trial. */
  retryAfterMs: number;
  /** Whether an error tells of a fault of the other side; by default all do. */
  isFailure?: (error: unknown) => boolean;
  onOpen?: (error: unknown) => void;
  onClose?: () => void;
}

/**
 * Spares callers the wait for another side that does not answer: after some failures in a row nothing is asked for a
 * while, then one call is let through as a trial while all others still fail at once. Its clock is monotonic
 * (cockatiel and others go by the wall clock: after a step back of it a circuit stays open for as long as the step).
 */
export class CircuitBreaker {
  private failures = 0;
  private retryAt = 0;
  private isTrying = false;

  constructor(private readonly options: CircuitOptions) {}

  get isClosed(): boolean {
    return this.failures < this.options.failuresUntilOpen;
  }

  /** @throws CircuitOpenError without a try; what `work` throws */
  async execute<T>(work: () => Promise<T>): Promise<T> {
    if (this.isClosed) return this.watch(work);
    if (this.isTrying || performance.now() < this.retryAt) throw new CircuitOpenError();
    this.isTrying = true;
    try {
      return await this.watch(work);
    } finally {
      this.isTrying = false;
    }
  }

  private async watch<T>(work: () => Promise<T>): Promise<T> {
    try {
      const result = await work();
      this.onAnswer();
      return result;
    } catch (error) {
      if (this.options.isFailure?.(error) ?? true) this.onFailure(error);
      else this.onAnswer();
      throw error;
    }
  }

  private onAnswer(): void {
    const wasClosed = this.isClosed;
    this.failures = 0;
    if (!wasClosed) this.options.onClose?.();
  }

  private onFailure(error: unknown): void {
    const wasClosed = this.isClosed;
    this.failures += 1;
    if (this.isClosed) return;
    this.retryAt = performance.now() + this.options.retryAfterMs;
    if (wasClosed) this.options.onOpen?.(error);
  }
}
