import { ApiError } from "#anthropic/errors.js";
import { type ChargeRequest, type LimitCharge, limitNames } from "#service-contracts/rate-limits.js";

const maxCost = 1_000_000_000;
const maxSeconds = 86_400 * 31;

/** @throws ApiError `invalid_request_error` */
export function parseChargeRequest(body: unknown): ChargeRequest {
  const { charges } = (body ?? {}) as { charges?: unknown };
  if (!Array.isArray(charges) || charges.length > limitNames.length || !charges.every(isCharge))
    throw new ApiError("invalid_request_error", "charges: must be a list of name, cost and seconds");
  return { charges };
}

/** The name of a key, as `API_KEYS` has it. @throws ApiError `invalid_request_error` */
export function parseKeyName(name: string): string {
  if (!/^[\w.-]{1,64}$/.test(name))
    throw new ApiError("invalid_request_error", "name: must be the name of a key");
  return name;
}

function isCharge(value: unknown): value is LimitCharge {
  const { name, cost, seconds } = (value ?? {}) as Partial<LimitCharge>;
  return (
    limitNames.some((known) => known === name) && isWhole(cost, 0, maxCost) && isWhole(seconds, 1, maxSeconds)
  );
}

function isWhole(value: unknown, min: number, max: number): boolean {
  return typeof value === "number" && Number.isInteger(value) && value >= min && value <= max;
}
