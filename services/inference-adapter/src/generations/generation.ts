import type { MessageStreamEvent } from "#anthropic/events.js";

export type GenerationState = "queued" | "prefill" | "decoding" | "done" | "failed";

/**
 * One run of the model with a life of its own: clients come, read every event from the first, and go. The
 * events stand in one log; a slow reader is only an index into it.
 */
export class Generation {
  readonly abort = new AbortController();
  state: GenerationState = "queued";
  clients = 0;
  private readonly log: MessageStreamEvent[] = [];
  private error: unknown;
  private wake = Promise.withResolvers<void>();

  constructor(
    readonly key: string,
    /** Called whenever a client has left. */
    private readonly onLeave: (generation: Generation) => void,
  ) {}

  get isFinished(): boolean {
    return this.state === "done" || this.state === "failed";
  }

  /** Counts the caller as a client from now on, before its first read. */
  subscribe(signal: AbortSignal): AsyncGenerator<MessageStreamEvent> {
    this.clients += 1;
    let left = false;
    const leave = () => {
      if (left) return;
      left = true;
      this.clients -= 1;
      this.notify();
      this.onLeave(this);
    };
    signal.addEventListener("abort", leave, { once: true });
    return this.read(signal, leave);
  }

  add(event: MessageStreamEvent): void {
    if (this.state === "prefill") this.state = "decoding";
    this.log.push(event);
    this.notify();
  }

  finish(error?: unknown): void {
    this.state = error === undefined ? "done" : "failed";
    this.error = error;
    this.notify();
  }

  private notify(): void {
    this.wake.resolve();
    this.wake = Promise.withResolvers<void>();
  }

  private async *read(signal: AbortSignal, leave: () => void): AsyncGenerator<MessageStreamEvent> {
    try {
      for (let index = 0; ;) {
        signal.throwIfAborted();
        const event = this.log[index];
        if (event) {
          index += 1;
          yield event;
        } else if (this.state === "failed") throw this.error;
        else if (this.state === "done") return;
        else await this.wake.promise;
      }
    } finally {
      leave();
    }
  }
}
