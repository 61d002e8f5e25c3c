import { ApiError } from "#anthropic/errors.js";

export interface SilenceLimits {
  /** Silence longer than this ends the generation. */
  limitMs: number;
  /** After this much silence the backend is probed, and again after each such time; 15 s by default. */
  probeIntervalMs?: number;
  /** Rejects when the backend does not answer at all. */
  probe: () => Promise<void>;
  /** Called after a silence that lasted too long of a backend that answers probes, before the generation fails. */
  onSilent?: () => Promise<void>;
  /** Called when the generation has ended, in whatever way. */
  onEnd?: () => void;
}

const defaultProbeIntervalMs = 15_000;

/**
 * Watches a silent backend: a long prefill or a tool call that is still being written is silent for minutes,
 * a dead or stopped server as well. The limit and failing probes (two in a row) tell them apart.
 */
export class SilenceWatch {
  private readonly controller = new AbortController();
  private readonly timer: NodeJS.Timeout;
  private heardAt = performance.now();
  private probedAt = performance.now();
  private failedProbes = 0;
  private probing = false;
  private stopped = false;
  private answersProbes = false;
  /** It has sent nothing for too long, but answered the last probe. */
  isSilent = false;

  private readonly limits: SilenceLimits & { probeIntervalMs: number };

  constructor({ probeIntervalMs = defaultProbeIntervalMs, ...limits }: SilenceLimits) {
    this.limits = { ...limits, probeIntervalMs };
    this.timer = setInterval(() => this.check(), Math.min(1000, limits.limitMs / 4, probeIntervalMs / 2));
  }

  /** Fires with an ApiError as its reason when the silence has lasted too long. */
  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** The backend sent something; from now on `limitMs` may be another one. */
  heard(limitMs: number): void {
    this.limits.limitMs = limitMs;
    this.heardAt = this.probedAt = performance.now();
    this.failedProbes = 0;
    this.answersProbes = false;
  }

  stop(): void {
    this.stopped = true;
    clearInterval(this.timer);
  }

  private check(): void {
    const now = performance.now();
    // Where this process itself has stood still, what has come meanwhile is read before the next one.
    if (now - this.heardAt >= this.limits.limitMs) setImmediate(() => this.endSilence());
    else if (now - this.probedAt >= this.limits.probeIntervalMs && !this.probing) this.probe();
  }

  private endSilence(): void {
    const { limitMs } = this.limits;
    if (this.stopped || performance.now() - this.heardAt < limitMs) return;
    this.isSilent = this.answersProbes;
    this.fail(`the backend sent nothing for ${Math.round(limitMs / 1000)} s`);
  }

  private probe(): void {
    this.probing = true;
    this.limits
      .probe()
      .then(
        () => this.noteProbe(true),
        () => this.noteProbe(false),
      )
      .finally(() => {
        this.probing = false;
        this.probedAt = performance.now();
        if (this.failedProbes >= 2 && !this.stopped) this.fail("the backend has stopped answering");
      });
  }

  private noteProbe(isAnswered: boolean): void {
    this.failedProbes = isAnswered ? 0 : this.failedProbes + 1;
    this.answersProbes = isAnswered;
  }

  private fail(message: string): void {
    this.stop();
    this.controller.abort(new ApiError("timeout_error", message));
  }
}
