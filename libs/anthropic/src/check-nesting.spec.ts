import { describe, expect, it } from "vitest";
import { checkNesting, deepestNesting } from "./check-nesting.js";

function nested(levels: number): unknown {
  let value: unknown = [];
  for (let level = 0; level < levels; level++) value = level % 2 === 0 ? { a: value } : [1, value];
  return value;
}

describe("checkNesting", () => {
  it("lets the deepest pass", () => expect(() => checkNesting(nested(deepestNesting))).not.toThrow());
  it.each([1, 100_000])("refuses %d levels more", (more) => {
    expect(() => checkNesting(nested(deepestNesting + more))).toThrow("nested deeper than 500 levels");
  });
});
