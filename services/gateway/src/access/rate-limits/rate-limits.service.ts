import { Injectable } from "@nestjs/common";
import { ApiError } from "#anthropic/errors.js";
import type { LimitCount, LimitName } from "#service-contracts/rate-limits.js";
import { GatewayConfig } from "../../gateway.config.js";
import { LimitCounters } from "./limit-counters.js";
import { parseRateLimits, parseTokenBudgets } from "./parse-rate-limits.js";
import { type LimitWindow, toLimitWindows } from "./to-limit-windows.js";
import { toRateLimitHeaders } from "./to-rate-limit-headers.js";

/** Clients that are told to wait longer than this give up, so longer waits are final errors. */
const longestRetrySeconds = 60;

/**
 * What a key may ask. A request that begins within its limits is answered whole; its tokens count when they are
 * known. Answers from the cache and joined generations cost requests, but no tokens.
 */
@Injectable()
export class RateLimits {
  private readonly rates;
  private readonly budgets;
  readonly areOff: boolean;

  constructor(
    config: GatewayConfig,
    private readonly counters: LimitCounters,
  ) {
    this.rates = parseRateLimits(config.RATE_LIMITS);
    this.budgets = parseTokenBudgets(config.TOKEN_BUDGETS);
    this.areOff = this.rates.size === 0 && this.budgets.size === 0;
  }

  /** Counts one request and hands over the headers that tell its limits. @throws ApiError `rate_limit_error` */
  async admit(tenant: string, onHeaders: (headers: Record<string, string>) => void): Promise<void> {
    const windows = this.windowsOf(tenant);
    if (windows.length === 0) return;
    const charges = windows.map(({ name, seconds }) => ({
      name,
      seconds,
      cost: name === "requests" ? 1 : 0,
    }));
    const counted = await this.counters.charge(tenant, charges);
    const counts = windows.map((window, at) => endInTime(counted[at], window));
    onHeaders(toRateLimitHeaders(windows, counts, Date.now()));
    const exceeded = findExceeded(windows, counts);
    if (exceeded) throw toRefusal(exceeded);
  }

  /** Counts the tokens of a generation; nobody waits for it. */
  charge(tenant: string, tokens: { input?: number; output?: number }): void {
    const { input = 0, output = 0 } = tokens;
    const costs: Partial<Record<LimitName, number>> = {
      "input-tokens": input,
      "output-tokens": output,
      tokens: input + output,
    };
    const charges = this.windowsOf(tenant).flatMap(({ name, seconds }) => {
      const cost = costs[name];
      return cost ? [{ name, seconds, cost }] : [];
    });
    if (charges.length > 0) void this.counters.charge(tenant, charges);
  }

  private windowsOf(tenant: string): LimitWindow[] {
    return this.areOff ? [] : toLimitWindows(tenant, this.rates, this.budgets);
  }
}

/** Where the clock of whoever counts was stepped back, a window seems to go on for longer than it is. */
function endInTime(count: LimitCount | undefined, { name, seconds }: LimitWindow): LimitCount {
  const { consumed = 0, resetMs = 0 } = count ?? {};
  return { name, consumed, resetMs: Math.min(resetMs, seconds * 1000) };
}

/** Of several, the one that takes longest. */
function findExceeded(windows: readonly LimitWindow[], counts: readonly LimitCount[]) {
  let longest: { window: LimitWindow; resetMs: number } | undefined;
  for (const [at, window] of windows.entries()) {
    const { consumed = 0, resetMs = 0 } = counts[at] ?? {};
    const isExceeded = window.name === "requests" ? consumed > window.limit : consumed >= window.limit;
    if (isExceeded && !(longest && longest.resetMs >= resetMs)) longest = { window, resetMs };
  }
  return longest;
}

function toRefusal({ window, resetMs }: { window: LimitWindow; resetMs: number }): ApiError {
  const seconds = Math.max(1, Math.ceil(resetMs / 1000));
  const period = window.seconds === 60 ? "minute" : "day";
  const what = window.name.replace("-", " ");
  return new ApiError(
    "rate_limit_error",
    `This request would exceed your limit of ${window.limit} ${what} per ${period}; it begins anew in ${seconds} s`,
    { retryAfterSeconds: seconds, shouldRetry: seconds <= longestRetrySeconds },
  );
}
