/** The last moment that a `Date` can have. */
const latestMs = 8.64e15;

/** Milliseconds since the epoch of which a `Date` can be made. */
export function isDateMs(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && value <= latestMs;
}
