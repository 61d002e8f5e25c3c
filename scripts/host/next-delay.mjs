const firstMs = 500;
const longestMs = 30_000;
/** Who has run for so long begins anew. */
const settledMs = 10_000;

/** How long to wait before the next start: twice as long each time, unless the program ran well meanwhile. */
export function nextDelayMs(lastDelayMs, ranMs) {
  if (lastDelayMs === undefined || ranMs >= settledMs) return firstMs;
  return Math.min(lastDelayMs * 2, longestMs);
}
