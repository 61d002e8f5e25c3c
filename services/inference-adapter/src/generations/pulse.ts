import { toApiError } from "#anthropic/errors.js";

/**
 * Whether generations get on. A server may answer every probe and still not generate: then one generation runs into
 * its limit without a first event, and from then on it counts as stuck until any other one has an event.
 */
export class Pulse {
  private readonly silent = new Map<symbol, number>();
  private stuckMs: number | undefined;

  /** A generation has its place. */
  start(): Beat {
    const id = Symbol("generation");
    this.silent.set(id, performance.now());
    return {
      heard: () => {
        if (this.silent.delete(id)) this.stuckMs = undefined;
      },
      end: (error) => {
        const since = this.silent.get(id);
        this.silent.delete(id);
        if (since !== undefined && error !== undefined && toApiError(error).type === "timeout_error")
          this.stuckMs = performance.now() - since;
      },
    };
  }

  /** How many seconds the last generation was silent before it was given up; undefined where the last one was not. */
  get stuckSeconds(): number | undefined {
    return this.stuckMs === undefined ? undefined : Math.round(this.stuckMs / 1000);
  }

  /** How many seconds the oldest generation without a first event has been waiting for it. */
  get silentSeconds(): number {
    const since = Math.min(...this.silent.values());
    return since === Infinity ? 0 : Math.round((performance.now() - since) / 1000);
  }
}

export interface Beat {
  /** It has an event. */
  heard: () => void;
  end: (error?: unknown) => void;
}
