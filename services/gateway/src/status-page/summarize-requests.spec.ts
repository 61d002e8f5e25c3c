import { describe, expect, it } from "vitest";
import type { RequestRecord } from "./recent-requests.js";
import { summarizeRequests } from "./summarize-requests.js";

const record = (changed: Partial<RequestRecord>): RequestRecord => ({
  at: "2026-11-25T00:00:00.000Z",
  model: "qwen3-coder:30b",
  result: "miss",
  error: null,
  stream: true,
  ms: 1000,
  first_token_ms: 100,
  input_tokens: 10,
  output_tokens: 5,
  tokens_per_second: null,
  ...changed,
});

describe("summarizeRequests", () => {
  it("has nothing to say of no requests", () => {
    expect(summarizeRequests([])).toEqual({ latency_ms: {}, first_token_ms: {}, tokens_per_second: null });
  });

  it("tells hits from misses, and leaves failures out", () => {
    const misses = Array.from({ length: 20 }, (_, n) => record({ ms: (n + 1) * 10, first_token_ms: n + 1 }));
    const hit = record({ result: "hit", ms: 2, first_token_ms: null });
    const failed = record({ result: "error", error: "api_error", ms: 99_999 });
    expect(summarizeRequests([...misses, hit, failed])).toMatchObject({
      latency_ms: { miss: { count: 20, p50: 100, p95: 190 }, hit: { count: 1, p50: 2, p95: 2 } },
      first_token_ms: { miss: { count: 20, p50: 10, p95: 19 } },
    });
  });

  it("takes the median speed of generations", () => {
    const speeds = [10, 30, 20].map((speed) => record({ tokens_per_second: speed }));
    expect(summarizeRequests(speeds).tokens_per_second).toBe(20);
  });
});
