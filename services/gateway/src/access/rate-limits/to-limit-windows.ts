import type { LimitName } from "#service-contracts/rate-limits.js";
import type { ByKeyName, RateLimit } from "./parse-rate-limits.js";

/** One limit that a key is under. */
export interface LimitWindow {
  name: LimitName;
  limit: number;
  seconds: number;
}

const minute = 60;
const day = 86_400;

/** The limits of one key: its own rule, else the one of `*`. None: it is not limited. */
export function toLimitWindows(
  tenant: string,
  rates: ByKeyName<RateLimit>,
  budgets: ByKeyName<number>,
): LimitWindow[] {
  const rate = rates.get(tenant) ?? rates.get("*");
  const limits: [LimitName, number | undefined, number][] = [
    ["requests", rate?.requests, minute],
    ["input-tokens", rate?.inputTokens, minute],
    ["output-tokens", rate?.outputTokens, minute],
    ["tokens", budgets.get(tenant) ?? budgets.get("*"), day],
  ];
  return limits.flatMap(([name, limit, seconds]) => (limit === undefined ? [] : [{ name, limit, seconds }]));
}
