import { describe, expect, it } from "vitest";
import { toNamePattern } from "./to-name-pattern.js";

describe("a pattern for names", () => {
  it.each<[pattern: string, name: string, matches: boolean]>([
    ["a.b", "a.b", true],
    ["a.b", "axb", false],
    ["a", "ab", false],
    ["*", "", true],
    ["**", "anything", true],
    [" claude-* ", "claude-haiku-4-5", true],
    ["claude-*", "a-claude-x", false],
    ["*haiku*", "claude-haiku-4-5", true],
    ["*haiku*5", "claude-haiku-5-haiku-4-5", true],
    ["*haiku*5", "claude-haiku-5-haiku-4-1", false],
    ["a*b*c*d", "a1b2c3bcd", true],
    ["a*ab*b", "ab", false],
    ["*1*2", "1:1 2", true],
  ])("%s: %s", (pattern, name, matches) => expect(toNamePattern(pattern).test(name)).toBe(matches));

  it("may have something behind", () => {
    const pattern = toNamePattern("llama*b*", "(?::.*)?");
    expect(pattern.test("llama-8b:latest")).toBe(true);
    expect(pattern.test("llama")).toBe(false);
  });

  it("of many parts is soon looked for in a long name", () => {
    const startedAt = performance.now();
    expect(toNamePattern("*a*a*a*b").test("a".repeat(200_000))).toBe(false);
    expect(performance.now() - startedAt).toBeLessThan(2000);
  });
});
