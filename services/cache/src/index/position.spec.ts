import { describe, expect, it } from "vitest";
import { keyOf } from "../cache-under-test.contract.js";
import { comparePositions, encodeCursor, parseCursor } from "./position.js";

const at = (storedAt: number, key: number) => ({ storedAt, key: keyOf(key) });

describe("positions", () => {
  it("are newest first, and downwards by key at the same time", () => {
    const sorted = [at(1, 1), at(2, 1), at(2, 3), at(2, 2)].sort(comparePositions);
    expect(sorted).toEqual([at(2, 3), at(2, 2), at(2, 1), at(1, 1)]);
    expect(comparePositions(at(1, 1), at(1, 1))).toBe(0);
  });

  it.each([1_764_000_000_000, 0, 1.5, 1e300, 5e-324, -1, Infinity, -Infinity].map((ms) => at(ms, 1)))(
    "come back from a cursor: %o",
    (position) => {
      expect(parseCursor(encodeCursor(position))).toEqual(position);
    },
  );

  it.each(["", "1", `${"1".repeat(17)}.${keyOf(1)}`, "1.abc", `NaN.${keyOf(1)}`, `01.${keyOf(1)}`])(
    "refuse %j",
    (text) => {
      expect(() => parseCursor(text)).toThrow("cursor: must be the next_cursor of a page");
    },
  );
});
