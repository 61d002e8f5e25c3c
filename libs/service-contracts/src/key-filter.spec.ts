import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { KeyFilter } from "./key-filter.js";

const keyOf = (name: string) => createHash("sha256").update(name).digest("hex");
const keys = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, number) => keyOf(`${prefix}${number}`));

describe("KeyFilter", () => {
  it("knows all that was added, and hardly anything else", () => {
    const filter = new KeyFilter();
    const [added, others] = [keys("a", 50_000), keys("b", 50_000)];
    for (const key of added) filter.add(key);
    expect(added.filter((key) => !filter.has(key))).toEqual([]);
    expect(others.filter((key) => filter.has(key)).length).toBeLessThan(100);
  });

  it("takes the keys of another one as well", () => {
    const [one, other] = [new KeyFilter(), new KeyFilter()];
    const [ofOne, ofOther] = [keys("a", 100), keys("b", 100)];
    for (const key of ofOne) one.add(key);
    for (const key of ofOther) other.add(key);
    expect(one.addAll(String(other))).toBe(true);
    expect([...ofOne, ...ofOther].every((key) => one.has(key))).toBe(true);
    expect(keys("c", 1000).some((key) => one.has(key))).toBe(false);
  });

  it.each([[undefined], [7], [""], ["AAAA"], ["A".repeat(800_000)]])(
    "takes nothing that is no filter: %#",
    (text) => {
      expect(new KeyFilter().addAll(text)).toBe(false);
    },
  );
});
