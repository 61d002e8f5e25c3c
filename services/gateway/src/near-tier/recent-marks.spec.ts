import { describe, expect, it } from "vitest";
import { RecentMarks } from "./recent-marks.js";

describe("RecentMarks", () => {
  it("has each until its time", () => {
    const marks = new RecentMarks(10);
    marks.add("a", 100);
    expect([marks.has("a", 99), marks.has("a", 100), marks.has("b", 0)]).toEqual([true, false, false]);
    marks.add("a", 200);
    expect(marks.has("a", 150)).toBe(true);
  });

  it("lets go of the oldest half when there are too many, and says so", () => {
    const marks = new RecentMarks(10);
    const lost = Array.from({ length: 20 }, (_, index) => marks.add(String(index), 1));
    expect(lost.flatMap((isLoss, index) => (isLoss ? [index] : []))).toEqual([9, 14, 19]);
    const known = Array.from({ length: 20 }, (_, index) => index).filter((index) =>
      marks.has(String(index), 0),
    );
    expect(known).toEqual([15, 16, 17, 18, 19]);
  });
});
