/** What one key may ask a minute; undefined: as much as it likes. */
export interface RateLimit {
  requests?: number;
  inputTokens?: number;
  outputTokens?: number;
}

/** The name of a key, or `*` for all keys that are not named. */
export type ByKeyName<T> = ReadonlyMap<string, T>;

const maxLimit = 1_000_000_000;

/** `RATE_LIMITS`: `name=requests/input-tokens/output-tokens,…`. @throws Error saying what it may be */
export function parseRateLimits(text: string): ByKeyName<RateLimit> {
  const fault =
    "must be a list such as alice=60/200000/20000,*=10/-/- (a minute: requests, tokens in, tokens out)";
  return parseByKeyName(text, fault, (value) => {
    const [requests, inputTokens, outputTokens, ...others] = value
      .split("/")
      .map((limit) => toLimit(limit, fault));
    if (value.split("/").length !== 3 || others.length > 0) throw new Error(fault);
    return { requests, inputTokens, outputTokens };
  });
}

/** `TOKEN_BUDGETS`: `name=tokens a day,…`. @throws Error saying what it may be */
export function parseTokenBudgets(text: string): ByKeyName<number> {
  const fault = "must be a list such as alice=5000000,*=1000000 (tokens a day)";
  return parseByKeyName(text, fault, (value) => {
    const tokens = toLimit(value, fault);
    if (tokens === undefined) throw new Error(fault);
    return tokens;
  });
}

function parseByKeyName<T>(text: string, fault: string, parse: (value: string) => T): ByKeyName<T> {
  const rules = text
    .split(",")
    .map((rule) => rule.trim())
    .filter((rule) => rule !== "");
  return new Map(
    rules.map((rule) => {
      const [, name, value] = /^(\*|[\w.-]{1,64})=(.+)$/.exec(rule) ?? [];
      if (name === undefined || value === undefined) throw new Error(fault);
      return [name, parse(value.trim())];
    }),
  );
}

function toLimit(text: string, fault: string): number | undefined {
  if (text.trim() === "-") return undefined;
  if (!/^\d{1,10}$/.test(text.trim())) throw new Error(fault);
  return Math.min(Number(text), maxLimit);
}
