import { describe, expect, it } from "vitest";
import { LineCutter } from "./line-cutter.js";

const text = "one\ntwo\n\nthree\nrest";

describe("LineCutter", () => {
  it.each([1, 2, 5, 100])("gives the same lines of pieces of %d characters", (size) => {
    const cutter = new LineCutter(100);
    const lines: string[] = [];
    for (let at = 0; at < text.length; at += size) lines.push(...cutter.add(text.slice(at, at + size)));
    expect(lines).toEqual(["one", "two", "", "three"]);
    expect([cutter.takeRest(), cutter.takeRest()]).toEqual(["rest", ""]);
  });

  it("refuses a line that is too long, and counts each for itself", () => {
    const cutter = new LineCutter(10);
    for (let turn = 0; turn < 5; turn++) {
      cutter.add("x".repeat(10));
      expect(cutter.add("\n")).toEqual(["x".repeat(10)]);
    }
    cutter.add("x".repeat(10));
    expect(() => cutter.add("x")).toThrow(RangeError);
  });

  it("needs time that grows with the text only", () => {
    const cutter = new LineCutter(200_000_000);
    const piece = "x".repeat(64);
    const startedAt = performance.now();
    for (let turn = 0; turn < 300_000; turn++) cutter.add(piece);
    expect(cutter.add("\n")[0]).toHaveLength(300_000 * 64);
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  });
});
