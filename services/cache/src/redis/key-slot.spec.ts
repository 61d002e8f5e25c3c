import { describe, expect, it } from "vitest";
import { keySlot } from "./key-slot.js";

describe("keySlot", () => {
  /** As `CLUSTER KEYSLOT` of Redis 7.0.15 tells. */
  it.each([
    ["123456789", 12739],
    ["foo", 12182],
    ["{foo}.bar", 12182],
    ["a{foo}{bar}", 12182],
    ["{}foo", 9500],
    ["foo{}{bar}", 8363],
    ["{{bar}}zap", 4015],
    ["häh→🙂", 10039],
  ])("%s", (key, slot) => {
    expect(keySlot(key)).toBe(slot);
  });
});
