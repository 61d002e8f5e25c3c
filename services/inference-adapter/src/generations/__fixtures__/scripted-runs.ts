import type { MessageStreamEvent } from "#anthropic/events.js";
import { ReplayLog } from "../replay-log.js";

/** An event that is known by its number. */
export const numbered = (index: number): MessageStreamEvent => ({
  type: "content_block_start",
  index,
  content_block: { type: "text", text: "" },
});

export const numbersOf = (events: MessageStreamEvent[]): number[] =>
  events.map((event) => ("index" in event ? event.index : -1));

/** A run of the model that does what the test says, when it says it. */
export class ScriptedRun {
  private readonly log = new ReplayLog<MessageStreamEvent>();
  starts = 0;
  closes = 0;
  signal: AbortSignal | undefined;

  /** The model writes something that is held back. */
  hold = () => {};

  readonly start = (signal: AbortSignal, onHeard: () => void): AsyncIterable<MessageStreamEvent> => {
    this.starts += 1;
    this.hold = onHeard;
    this.signal = signal;
    return this.log.read(signal, { toItem: (event) => event, onEnd: () => (this.closes += 1) });
  };

  get isRunning(): boolean {
    return this.starts > this.closes;
  }

  say(...indices: number[]): void {
    for (const index of indices) this.log.add(numbered(index));
  }

  end(error?: unknown): void {
    this.log.finish(error);
  }
}

/** Lets everything that can happen without new input happen. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
}
