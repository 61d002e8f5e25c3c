import { Inject, Injectable, type OnApplicationShutdown } from "@nestjs/common";
import { setTimeout as sleep } from "node:timers/promises";
import { ApiError } from "#anthropic/errors.js";
import type { MessageStreamEvent } from "#anthropic/events.js";
import { Shutdown } from "#platform/shutdown.js";
import type { JoinRule } from "#service-contracts/inference-headers.js";
import { INFERENCE_BACKEND, type InferenceBackend } from "../backends/inference-backend.js";
import { InferenceAdapterConfig } from "../inference-adapter.config.js";
import { Generation, type GenerationState } from "./generation.js";
import { GenerationsMetrics } from "./generations.metrics.js";
import { Pulse } from "./pulse.js";
import { type Place, Slots } from "./slots.js";
import type { Claim } from "./to-next-turn.js";

export interface Joined {
  generation: Generation;
  /** False: it was in flight already and this request joined it. */
  started: boolean;
}

/**
 * Starts the model; called when it is the generation's turn, which it waited for so long. `onHeard`: the model writes,
 * though it may be held back.
 */
export type Run = (
  signal: AbortSignal,
  onHeard: () => void,
  queueSeconds: number,
) => AsyncIterable<MessageStreamEvent>;

/** How long a finished generation can still be joined, until its answer is surely in the cache; an empty one never gets there. */
const lingerMs = 1000;

const closingPollMs = 50;

/**
 * The generations in flight, one for each question: identical requests share one. It outlives its clients
 * for a grace, so that a retry finds it, but gives its slot up when others wait and nobody listens.
 */
@Injectable()
export class GenerationsService implements OnApplicationShutdown {
  /** What a request of the same key may join. */
  private readonly joinable = new Map<string, Generation>();
  /** What waits for a slot or holds one. */
  private readonly unfinished = new Set<Generation>();
  private readonly graces = new WeakMap<Generation, NodeJS.Timeout>();
  private readonly slots: Slots;
  readonly pulse = new Pulse();

  constructor(
    private readonly config: InferenceAdapterConfig,
    private readonly metrics: GenerationsMetrics,
    private readonly shutdown: Shutdown,
    @Inject(INFERENCE_BACKEND) private readonly backend: Pick<InferenceBackend, "cancelsInPrefill">,
  ) {
    this.slots = new Slots(config.INFERENCE_CONCURRENCY, config.INFERENCE_QUEUE_LIMIT);
    shutdown.signal.addEventListener("abort", () => this.endAll(shutdown.signal.reason), { once: true });
    metrics.observeQueue(() => ({ depth: this.slots.depth, inFlight: this.slots.busy }));
  }

  /** A generation waits for a slot or holds one. */
  get isBusy(): boolean {
    return this.unfinished.size > 0;
  }

  /**
   * The generation of this key that the rule lets join, else a new one.
   * @throws ApiError `overloaded_error` when the queue is full
   */
  join(key: string, claim: Claim, run: Run, joins: JoinRule = "any"): Joined {
    this.shutdown.signal.throwIfAborted();
    const running = this.joinable.get(key);
    if (running && mayJoin(running, joins)) return { generation: running, started: false };
    const generation = new Generation(key, (left) => this.onLeave(left));
    if (this.slots.isFullFor(claim)) this.cancelDeserted(["queued"], 1);
    const place = this.slots.take(claim, generation.abort.signal);
    this.joinable.set(key, generation);
    this.unfinished.add(generation);
    void this.live(generation, place, run);
    this.makeRoom();
    return { generation, started: true };
  }

  /**
   * Runs the model for nobody, where no request waits or would be held up. False: not now.
   * @throws ApiError as the run does
   */
  async whenIdle(run: (signal: AbortSignal) => AsyncIterable<unknown>): Promise<boolean> {
    const place = this.slots.takeIdle();
    if (!place) return false;
    const beat = this.pulse.start();
    try {
      for await (const _ of run(this.shutdown.signal)) beat.heard();
      beat.end();
    } catch (error) {
      beat.end(error);
      throw error;
    } finally {
      this.slots.release(place);
    }
    return true;
  }

  private async live(generation: Generation, turn: Promise<Place>, run: Run): Promise<void> {
    const { signal } = generation.abort;
    const stopWaiting = this.metrics.queueWait.startTimer();
    let place: Place;
    try {
      place = await turn;
    } catch (error) {
      return this.end(generation, error);
    }
    const queueSeconds = stopWaiting();
    const beat = this.pulse.start();
    try {
      if (generation.isDeserted && this.countWanted() > 0) this.cancel(generation);
      signal.throwIfAborted();
      generation.state = "prefill";
      const hear = () => {
        generation.state = "decoding";
        beat.heard();
        if (generation.isGivenUp) this.cancel(generation);
        else if (generation.isDeserted) this.makeRoom();
      };
      for await (const event of run(signal, hear, queueSeconds)) {
        generation.add(event);
        hear();
      }
      this.end(generation);
      beat.end();
    } catch (error) {
      const reason: unknown = signal.aborted ? signal.reason : error;
      this.end(generation, reason);
      beat.end(reason);
    } finally {
      this.slots.release(place, generation.isComingBack);
    }
  }

  /** Over HTTP the answers under way have ended by now. A gateway in the same process may still read some for its clients. */
  async onApplicationShutdown(): Promise<void> {
    const isWanted = () => [...this.unfinished].some(({ clients }) => clients > 0);
    while (isWanted() && !this.shutdown.signal.aborted) await sleep(closingPollMs);
  }

  private endAll(reason: unknown): void {
    for (const generation of this.unfinished) generation.abort.abort(reason);
  }

  private end(generation: Generation, error?: unknown): void {
    generation.finish(error);
    this.unfinished.delete(generation);
    clearTimeout(this.graces.get(generation));
    this.metrics.count(error);
    if (error !== undefined || !generation.hasContent) return this.forget(generation);
    const keepMs = generation.clients > 0 ? lingerMs : this.config.DETACH_GRACE_MS;
    setTimeout(() => this.forget(generation), keepMs).unref();
  }

  /** What has ended is joined no more: its answer is not wanted again. */
  forgetFinished(): void {
    for (const generation of this.joinable.values()) if (generation.isFinished) this.forget(generation);
  }

  private forget(generation: Generation): void {
    if (this.joinable.get(generation.key) === generation) this.joinable.delete(generation.key);
  }

  /** Each time that the last client leaves the grace begins anew. */
  private onLeave(generation: Generation): void {
    if (!generation.isDeserted || generation.isFinished) return;
    this.makeRoom();
    clearTimeout(this.graces.get(generation));
    const grace = setTimeout(() => this.giveUp(generation), this.config.DETACH_GRACE_MS).unref();
    this.graces.set(generation, grace);
  }

  private giveUp(generation: Generation): void {
    if (!generation.isDeserted || generation.isFinished) return;
    generation.isGivenUp = true;
    this.cancel(generation);
  }

  /** Gives up generations that nobody listens to: as many as others wait for their slots. */
  private makeRoom(): void {
    this.cancelDeserted(["prefill", "decoding"], this.countWanted());
  }

  /** How many generations with a client wait for a slot that is not becoming free already. */
  private countWanted(): number {
    let wanted = 0;
    for (const { state, isDeserted, abort } of this.unfinished)
      if (state !== "queued" && abort.signal.aborted) wanted -= 1;
      else if (state === "queued" && !isDeserted) wanted += 1;
    // One that has just got its slot still counts as queued.
    return Math.min(wanted, this.slots.depth);
  }

  private cancelDeserted(states: GenerationState[], atMost: number): void {
    const deserted = [...this.unfinished].filter(
      (generation) => states.includes(generation.state) && generation.isDeserted && this.canStop(generation),
    );
    for (const generation of deserted.slice(0, Math.max(0, atMost))) this.cancel(generation);
  }

  private cancel(generation: Generation): void {
    if (!this.canStop(generation)) return;
    generation.abort.abort(new ApiError("api_error", "The generation was given up: no client was left"));
  }

  /** Where a backend cannot be stopped in prefill, a retry may still join, and what it writes first ends it. */
  private canStop({ isFinished, state, abort }: Generation): boolean {
    return !isFinished && !abort.signal.aborted && (state !== "prefill" || this.backend.cancelsInPrefill);
  }
}

function mayJoin({ state, abort, isFinished, isDelivered }: Generation, rule: JoinRule): boolean {
  if (state === "failed" || abort.signal.aborted) return false;
  return rule === "any" || !(rule === "running" ? isFinished : isDelivered);
}
