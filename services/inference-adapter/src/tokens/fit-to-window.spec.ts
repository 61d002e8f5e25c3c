import { describe, expect, it } from "vitest";
import { fitToWindow } from "./fit-to-window.js";

const exact = (tokens: number) => ({ tokens, isExact: true });
const estimated = (tokens: number) => ({ tokens, isExact: false });

describe("fitToWindow", () => {
  it.each<[string, Parameters<typeof fitToWindow>, number | undefined]>([
    ["what was asked for", [exact(1000), 32_768, 8000], 8000],
    ["no limit where none was asked for", [exact(1000), 32_768, undefined], undefined],
    ["what room there is", [exact(30_000), 32_768, 8000], 2768],
    ["the least room", [exact(30_720), 32_768, 8000], 2048],
    ["a short answer close to the end", [exact(32_668), 32_768, 100], 100],
    ["an estimate's limit as it was asked for", [estimated(30_000), 32_768, 8000], 8000],
    ["an estimate a little above the window", [estimated(33_000), 32_768, 100], 100],
  ])("leaves %s", (_name, [count, contextLength, maxTokens], expected) =>
    expect(fitToWindow(count, contextLength, maxTokens)).toBe(expected),
  );

  it.each<[string, Parameters<typeof fitToWindow>, string]>([
    [
      "a prompt over the window",
      [exact(40_000), 32_768, 100],
      "prompt is too long: 40000 tokens > 32768 maximum",
    ],
    ["one token over", [exact(32_769), 32_768, 1], "prompt is too long: 32769 tokens > 32768 maximum"],
    ["too little room", [exact(30_721), 32_768, 8000], "prompt is too long: 30721 tokens > 30720 maximum"],
    [
      "too little room without a limit",
      [exact(32_000), 32_768, undefined],
      "prompt is too long: 32000 tokens > 30720 maximum",
    ],
    [
      "less room than a short answer",
      [exact(32_700), 32_768, 100],
      "prompt is too long: 32700 tokens > 32668 maximum",
    ],
    [
      "an estimate far over the window",
      [estimated(60_000), 32_768, 100],
      "prompt is too long: 60000 tokens > 32768 maximum",
    ],
  ])("refuses %s", (_name, [count, contextLength, maxTokens], message) =>
    expect(() => fitToWindow(count, contextLength, maxTokens)).toThrow(message),
  );

  it("leaves half of a small window to the prompt", () => {
    expect(fitToWindow(exact(512), 1024, undefined)).toBeUndefined();
    expect(fitToWindow(exact(1024), 2048, 8000)).toBe(1024);
    expect(() => fitToWindow(exact(1025), 2048, 8000)).toThrow(
      "prompt is too long: 1025 tokens > 1024 maximum",
    );
  });
});
