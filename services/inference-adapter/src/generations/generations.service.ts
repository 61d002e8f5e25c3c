import { Injectable, type BeforeApplicationShutdown } from "@nestjs/common";
import { ApiError } from "#anthropic/errors.js";
import type { MessageStreamEvent } from "#anthropic/events.js";
import { InferenceAdapterConfig } from "../inference-adapter.config.js";
import { Generation } from "./generation.js";
import { GenerationsMetrics } from "./generations.metrics.js";
import { Slots } from "./slots.js";

export interface Joined {
  generation: Generation;
  /** False: it was in flight already and this request joined it. */
  started: boolean;
}

/** How long a finished generation can still be joined, until its answer is surely in the cache. */
const lingerMs = 1000;

/**
 * The generations in flight, one for each question: identical requests share one. It outlives its clients
 * for a grace, so that a retry finds it, but gives its slot up when others wait and nobody listens.
 */
@Injectable()
export class GenerationsService implements BeforeApplicationShutdown {
  private readonly inFlight = new Map<string, Generation>();
  private readonly slots: Slots;

  constructor(
    private readonly config: InferenceAdapterConfig,
    private readonly metrics: GenerationsMetrics,
  ) {
    this.slots = new Slots(config.INFERENCE_CONCURRENCY, config.INFERENCE_QUEUE_LIMIT);
    metrics.observeQueue(() => ({ depth: this.slots.depth, inFlight: this.slots.busy }));
  }

  /** The generation of this key, started if there is none. @throws ApiError `overloaded_error` when the queue is full */
  join(key: string, run: (signal: AbortSignal) => AsyncIterable<MessageStreamEvent>): Joined {
    const running = this.inFlight.get(key);
    if (running && running.state !== "failed" && !running.abort.signal.aborted)
      return { generation: running, started: false };
    const generation = new Generation(key, (left) => this.onLeave(left));
    const slot = this.slots.take(generation.abort.signal);
    this.inFlight.set(key, generation);
    void this.live(generation, slot, run);
    for (const other of this.inFlight.values()) if (other !== generation) this.yieldSlot(other);
    return { generation, started: true };
  }

  beforeApplicationShutdown(): void {
    for (const generation of this.inFlight.values())
      generation.abort.abort(new ApiError("overloaded_error", "The inference adapter is shutting down"));
  }

  private async live(
    generation: Generation,
    slot: Promise<void>,
    run: (signal: AbortSignal) => AsyncIterable<MessageStreamEvent>,
  ): Promise<void> {
    const { signal } = generation.abort;
    const stopWaiting = this.metrics.queueWait.startTimer();
    try {
      await slot;
    } catch (error) {
      return this.end(generation, error);
    }
    stopWaiting();
    generation.state = "prefill";
    try {
      for await (const event of run(signal)) {
        generation.add(event);
        this.yieldSlot(generation);
      }
      this.end(generation);
    } catch (error) {
      this.end(generation, signal.aborted ? signal.reason : error);
    } finally {
      this.slots.release();
    }
  }

  private end(generation: Generation, error?: unknown): void {
    generation.finish(error);
    this.metrics.count(error);
    const keepMs =
      error === undefined ? (generation.clients > 0 ? lingerMs : this.config.DETACH_GRACE_MS) : 0;
    setTimeout(() => this.forget(generation), keepMs).unref();
  }

  private forget(generation: Generation): void {
    if (this.inFlight.get(generation.key) === generation) this.inFlight.delete(generation.key);
  }

  private onLeave(generation: Generation): void {
    if (generation.clients > 0 || generation.isFinished) return;
    this.yieldSlot(generation);
    setTimeout(() => {
      if (generation.clients === 0) this.cancel(generation);
    }, this.config.DETACH_GRACE_MS).unref();
  }

  /** Gives up a generation that nobody listens to when another request waits for its slot. */
  private yieldSlot(generation: Generation): void {
    if (generation.clients === 0 && this.slots.depth > 0) this.cancel(generation);
  }

  /** Ollama cannot be stopped in prefill: then a retry may still join, and the first token ends it. */
  private cancel(generation: Generation): void {
    if (generation.isFinished || generation.state === "prefill") return;
    generation.abort.abort(new ApiError("api_error", "The generation was given up: no client was left"));
  }
}
