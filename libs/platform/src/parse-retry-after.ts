/** The seconds that a `retry-after` header names; undefined where it is none, or a date. */
export function parseRetryAfter(header: string | undefined): number | undefined {
  const seconds = Number(header);
  return seconds > 0 && Number.isFinite(seconds) ? seconds : undefined;
}
