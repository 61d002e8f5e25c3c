import { describe, expect, it } from "vitest";
import type { PathHash } from "#service-contracts/cache-store.js";
import { findFirstDifference } from "./find-first-difference.js";
import { toPathLines } from "./to-path-lines.js";

const asked: PathHash[] = [
  ["model", "1"],
  ["system[0].text", "2"],
  ["messages[0]\n", "3"],
];
const difference = (other: PathHash[]) =>
  findFirstDifference(
    asked.map((path) => JSON.stringify(path)),
    toPathLines(other, 10_000),
  );

describe("findFirstDifference", () => {
  it.each<[string, PathHash[], number, string | null]>([
    ["the same", asked, 3, null],
    ["another hash", [["model", "1"], ["system[0].text", "x"], ...asked.slice(2)], 1, "system[0].text"],
    [
      "another path",
      [
        ["model", "1"],
        ["tools[0]", "2"],
      ],
      1,
      "system[0].text",
    ],
    ["another beginning", [["model", "x"]], 0, "model"],
    ["the beginning of it", asked.slice(0, 2), 2, null],
    ["a continuation", [...asked, ["messages[1]", "4"]], 3, null],
    ["nothing", [], 0, null],
  ])("tells %s", (_name, other, equalPaths, path) => {
    expect(difference(other)).toEqual({ equalPaths, path });
  });
});

describe("toPathLines", () => {
  it("keeps the beginning of what is too long", () => {
    expect(toPathLines(asked, 40)).toBe('["model","1"]\n["system[0].text","2"]');
  });
});
