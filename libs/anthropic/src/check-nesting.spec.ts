import { describe, expect, it } from "vitest";
import { checkNesting, deepestInput, deepestNesting } from "./check-nesting.js";

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

  it("lets the deepest input of a tool come back", () => {
    const request = (levels: number) => ({
      messages: [{ role: "assistant", content: [{ type: "tool_use", input: nested(levels) }] }],
    });
    expect(() => checkNesting(request(deepestInput))).not.toThrow();
    expect(() => checkNesting(request(deepestInput + 1))).toThrow("nested deeper");
  });
});
