import { SilenceWatch, type SilenceLimits } from "./silence-watch.js";

/** What a generation under watch is run with. */
export interface Watched {
  /** Fires when the caller gives up, or when the silence has lasted too long. */
  signal: AbortSignal;
  /** The backend sent something; from now on it may be silent for `limitMs`. */
  hear: (limitMs: number) => void;
}

/**
 * Runs a generation with an eye on the backend's silence. @throws ApiError `timeout_error` when that has lasted too
 * long; what `toError` makes of any other failure
 */
export async function* watchSilence<Event>(
  limits: SilenceLimits,
  signal: AbortSignal,
  run: (watched: Watched) => AsyncIterable<Event>,
  toError: (error: unknown) => unknown,
): AsyncGenerator<Event> {
  const watch = new SilenceWatch(limits);
  try {
    yield* run({
      signal: AbortSignal.any([signal, watch.signal]),
      hear: (limitMs) => watch.heard(limitMs),
    });
  } catch (error) {
    if (!watch.signal.aborted) throw toError(error);
    if (watch.isSilent) await limits.onSilent?.();
    throw watch.signal.reason;
  } finally {
    watch.stop();
    limits.onEnd?.();
  }
}
