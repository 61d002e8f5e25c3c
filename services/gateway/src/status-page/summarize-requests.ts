import type { RequestRecord } from "./recent-requests.js";

export interface Spread {
  count: number;
  p50: number;
  p95: number;
}

export interface RequestSummary {
  /** Milliseconds to the answer's end, by what the cache did. */
  latency_ms: Record<string, Spread>;
  first_token_ms: Record<string, Spread>;
  /** The median of the generations; null where there were none. */
  tokens_per_second: number | null;
}

/** What the last requests were like; those that got no answer say nothing about speed. */
export function summarizeRequests(records: readonly RequestRecord[]): RequestSummary {
  const answered = records.filter(({ error, output_tokens: tokens }) => error === null && tokens !== null);
  const speeds = answered.flatMap(({ tokens_per_second: speed }) => (speed === null ? [] : [speed]));
  return {
    latency_ms: spreadByResult(answered, ({ ms }) => ms),
    first_token_ms: spreadByResult(answered, ({ first_token_ms: ms }) => ms),
    tokens_per_second: speeds.length === 0 ? null : quantile(speeds, 0.5),
  };
}

function spreadByResult(
  records: readonly RequestRecord[],
  read: (record: RequestRecord) => number | null,
): Record<string, Spread> {
  const values = new Map<string, number[]>();
  for (const record of records) {
    const value = read(record);
    if (value !== null) values.set(record.result, [...(values.get(record.result) ?? []), value]);
  }
  return Object.fromEntries(
    [...values].map(([result, all]) => [
      result,
      { count: all.length, p50: quantile(all, 0.5), p95: quantile(all, 0.95) },
    ]),
  );
}

/** The smallest value that at least this share of them does not exceed. */
function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
}
