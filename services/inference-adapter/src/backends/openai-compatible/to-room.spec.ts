import fc from "fast-check";
import { expect, it } from "vitest";
import type { ContextOverflow } from "./parse-context-overflow.js";
import { toRoom } from "./to-room.js";

const window = 65_536;

it.each<[string, ContextOverflow, number | undefined, number, number | undefined]>([
  ["is what the prompt leaves", { promptTokens: 40_000 }, 32_000, 1, 25_535],
  ["is not more than was asked for", { promptTokens: 10 }, 32_000, 1, undefined],
  ["is not less than the least", { promptTokens: 64_000 }, 32_000, 1, undefined],
  ["is all of a small answer, or none", { promptTokens: 65_500 }, 100, 1, undefined],
  [
    "is what an estimate leaves, where the prompt was not counted to its end",
    { promptTokens: 33_537, isAtLeast: true },
    32_000,
    40_000,
    17_536,
  ],
  [
    "is the least, where the estimate was refused",
    { promptTokens: 48_001, isAtLeast: true },
    17_536,
    40_000,
    2048,
  ],
  [
    "is none, where the least was refused",
    { promptTokens: 63_489, isAtLeast: true },
    2048,
    40_000,
    undefined,
  ],
  [
    "is none, where the prompt alone does not fit",
    { promptTokens: 65_537, isAtLeast: true },
    32_000,
    40_000,
    undefined,
  ],
  ["is none, where the length is not told", {}, 32_000, 1, undefined],
  ["is none, where no length was asked for", { promptTokens: 70_000 }, undefined, 1, undefined],
])("the room for an answer %s", (_name, overflow, maxTokens, estimate, room) => {
  expect(toRoom(overflow, maxTokens, window, estimate)).toBe(room);
});

it("is asked for three times at most, whatever the prompt's length", () => {
  const tokens = fc.integer({ min: 1, max: 2 * window });
  fc.assert(
    fc.property(tokens, tokens, tokens, fc.boolean(), (promptTokens, asked, estimate, isAtLeast) => {
      let maxTokens: number | undefined = asked;
      let tries = 0;
      while (maxTokens !== undefined && promptTokens + maxTokens > window) {
        const told: ContextOverflow = isAtLeast
          ? { promptTokens: Math.max(1, window - maxTokens + 1), isAtLeast }
          : { promptTokens };
        maxTokens = toRoom(told, maxTokens, window, estimate);
        expect(++tries).toBeLessThanOrEqual(3);
      }
    }),
  );
});
