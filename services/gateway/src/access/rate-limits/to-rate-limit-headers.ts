import type { LimitCount } from "#service-contracts/rate-limits.js";
import type { LimitWindow } from "./to-limit-windows.js";

/** Anthropic's `anthropic-ratelimit-…` headers; the time at which a limit begins anew is RFC 3339 in whole seconds. */
export function toRateLimitHeaders(
  windows: readonly LimitWindow[],
  counts: readonly LimitCount[],
  now: number,
): Record<string, string> {
  const headers = windows.flatMap(({ name, limit }, at): [string, string][] => {
    const { consumed = 0, resetMs = 0 } = counts[at] ?? {};
    const reset = new Date(Math.ceil((now + Math.max(resetMs, 0)) / 1000) * 1000);
    const prefix = `anthropic-ratelimit-${name}`;
    return [
      [`${prefix}-limit`, String(limit)],
      [`${prefix}-remaining`, String(Math.max(0, limit - consumed))],
      [`${prefix}-reset`, reset.toISOString().replace(".000Z", "Z")],
    ];
  });
  return Object.fromEntries(headers);
}
