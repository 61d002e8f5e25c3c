import { randomUUID } from "node:crypto";
import type { MessageStreamEvent } from "#anthropic/events.js";
import { ReplayLog } from "./replay-log.js";

export type GenerationState = "queued" | "prefill" | "decoding" | "done" | "failed";

/** One reader of a generation. */
export interface Subscription {
  id: string;
  /** Every event from the first. */
  events: AsyncGenerator<MessageStreamEvent>;
  /** From now on it only records: it goes on reading, but keeps the generation alive no longer. */
  detach: () => void;
  /** Called when the events have been read, or left. */
  onEnd: () => void;
}

/** One run of the model with a life of its own: clients come, read every event from the first, and go. */
export class Generation {
  readonly abort = new AbortController();
  state: GenerationState = "queued";
  clients = 0;
  /** Clients and recorders. */
  readers = 0;
  /** All its clients have left; a new one changes that. */
  isDeserted = false;
  /** And have not come back within the grace. */
  isGivenUp = false;
  /** It ended with a tool call: its conversation goes on when the client has run the tool. */
  isComingBack = false;
  /** A client has had it whole; a recorder is no client. */
  isDelivered = false;
  /** Something has been said; an answer without content is never stored. */
  hasContent = false;
  /** Of a delta of text, of which an answer has hundreds, only the text: what is kept for long costs most to collect. */
  private readonly log = new ReplayLog<MessageStreamEvent | string>();
  /** The block that was begun last. */
  private blockIndex = -1;

  constructor(
    readonly key: string,
    /** Called whenever a client has left. */
    private readonly onLeave: (generation: Generation) => void,
  ) {}

  get isFinished(): boolean {
    return this.log.isFinished;
  }

  /** Counts the caller as a client from now on, before its first read. */
  subscribe(signal: AbortSignal): Subscription {
    this.clients += 1;
    this.isDeserted = this.isGivenUp = false;
    let left = false;
    const detach = () => {
      if (left) return;
      left = true;
      signal.removeEventListener("abort", detach);
      this.clients -= 1;
      this.isDeserted = this.clients === 0;
      this.onLeave(this);
    };
    if (signal.aborted) detach();
    else signal.addEventListener("abort", detach);
    const onEnd = (isWhole: boolean) => {
      if (isWhole) this.isDelivered ||= !left;
      detach();
      subscription.onEnd();
    };
    const events = this.read(signal, onEnd);
    const subscription: Subscription = { id: randomUUID(), events, detach, onEnd: () => {} };
    return subscription;
  }

  add(event: MessageStreamEvent): void {
    if (event.type === "message_delta") this.isComingBack = event.delta.stop_reason === "tool_use";
    if (event.type === "content_block_start") {
      this.hasContent = true;
      this.blockIndex = event.index;
    }
    const isText = event.type === "content_block_delta" && event.index === this.blockIndex;
    this.log.add(isText && event.delta.type === "text_delta" ? event.delta.text : event);
  }

  finish(error?: unknown): void {
    this.state = error === undefined ? "done" : "failed";
    this.log.finish(error);
  }

  private read(signal: AbortSignal, onEnd: (isWhole: boolean) => void): AsyncGenerator<MessageStreamEvent> {
    let index = -1;
    return this.log.read<MessageStreamEvent>(signal, {
      onBegin: () => (this.readers += 1),
      toItem: (item) => {
        if (typeof item === "string")
          return { type: "content_block_delta", index, delta: { type: "text_delta", text: item } };
        if (item.type === "content_block_start") index = item.index;
        return item;
      },
      onEnd: (isWhole) => {
        this.readers -= 1;
        onEnd(isWhole);
      },
    });
  }
}
