import { describe, expect, it } from "vitest";
import { parseRateLimits, parseTokenBudgets } from "./parse-rate-limits.js";

describe("parseRateLimits", () => {
  it("reads limits by key name, `-` as none", () => {
    expect([...parseRateLimits(" alice=60/200000/20000 , *=10/-/- ,")]).toEqual([
      ["alice", { requests: 60, inputTokens: 200_000, outputTokens: 20_000 }],
      ["*", { requests: 10, inputTokens: undefined, outputTokens: undefined }],
    ]);
    expect(parseRateLimits("").size).toBe(0);
  });

  it.each([
    "alice",
    "alice=",
    "alice=60",
    "alice=60/1",
    "alice=1/2/3/4",
    "alice=a/b/c",
    "al ice=1/2/3",
    "=1/2/3",
    "*=-1/2/3",
  ])("refuses %s", (text) => expect(() => parseRateLimits(text)).toThrow(/^must be a list such as/));
});

describe("parseTokenBudgets", () => {
  it("reads tokens by key name", () => {
    expect([...parseTokenBudgets("alice=5000000,*=0")]).toEqual([
      ["alice", 5_000_000],
      ["*", 0],
    ]);
  });

  it.each(["alice=-", "alice=5m", "alice"])("refuses %s", (text) =>
    expect(() => parseTokenBudgets(text)).toThrow(/^must be a list such as/),
  );
});
