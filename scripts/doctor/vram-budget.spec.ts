import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
// @ts-expect-error a script without types
import { overheadMib, toKvBytesPerToken, toLargestContext, toNeed } from "./vram-budget.mjs";

const qwen3Coder = {
  "general.architecture": "qwen3moe",
  "qwen3moe.block_count": 48,
  "qwen3moe.attention.head_count": 32,
  "qwen3moe.attention.head_count_kv": 4,
  "qwen3moe.attention.key_length": 128,
  "qwen3moe.attention.value_length": 128,
  "qwen3moe.embedding_length": 2048,
};
const weightsBytes = 18_556_700_761;

describe("toKvBytesPerToken", () => {
  it.each([
    ["f16", 96],
    ["q8_0", 51],
    ["q4_0", 27],
  ])("is known for qwen3-coder 30B at %s: %i KiB", (type, kibibytes) =>
    expect(toKvBytesPerToken(qwen3Coder, type)).toBe(kibibytes * 1024),
  );

  it("takes the heads' width from the embedding where it is not said", () => {
    const info = {
      "general.architecture": "qwen2",
      "qwen2.block_count": 28,
      "qwen2.attention.head_count": 12,
      "qwen2.attention.head_count_kv": 2,
      "qwen2.embedding_length": 1536,
    };
    expect(toKvBytesPerToken(info, "f16")).toBe(28 * 1024);
  });

  it("adds up heads that differ from layer to layer", () =>
    expect(
      toKvBytesPerToken({ ...qwen3Coder, "qwen3moe.attention.head_count_kv": [4, 0, 0, 4] }, "f16"),
    ).toBe(4096));

  it.each([
    ["nothing", undefined, "f16"],
    ["no heads", { ...qwen3Coder, "qwen3moe.attention.head_count_kv": null }, "f16"],
    ["an unknown type", qwen3Coder, "q3"],
  ])("does not know with %s", (_name, info, type) => expect(toKvBytesPerToken(info, type)).toBeUndefined());
});

describe("the window of qwen3-coder at q8_0", () => {
  const kvBytesPerToken = 52_224;

  it("of 65,536 tokens takes 3.2 GiB beside the weights", () =>
    expect(toNeed({ weightsBytes, kvBytesPerToken, contextLength: 65_536 })).toEqual({
      weights: 17_698,
      cache: 3264,
      other: overheadMib,
      total: 17_698 + 3264 + overheadMib,
    }));

  it.each([
    ["a 24 GB card", 24_564, 1, 114_688],
    ["a 24 GB card with two slots", 24_564, 2, 57_344],
    ["a 48 GB card: what it was trained for", 49_140, 1, 262_144],
    ["a 16 GB card: not even the weights", 16_376, 1, 0],
  ])("that fits %s", (_name, vramMib, slots, expected) =>
    expect(toLargestContext({ vramMib, weightsBytes, kvBytesPerToken, slots, trainedLength: 262_144 })).toBe(
      expected,
    ),
  );
});

it("install.sh counts with the same figures", () => {
  const read = (name: string) => readFileSync(new URL(`../install/${name}`, import.meta.url), "utf8");
  expect(read("resources.sh")).toContain(`\noverhead_mib=${overheadMib}\n`);
  expect(read("models.tsv")).toMatch(/^qwen3-coder\t18600\t17700\t52224$/m);
});
