import { describe, expect, it } from "vitest";
import { resolveReference } from "./schema-reference.js";

const number = { type: "number" };
const root = { $defs: { "a/b ~%": number, never: false }, anyOf: [{ type: "string" }, number] };

describe("resolveReference", () => {
  it.each<[string, unknown]>([
    ["#", root],
    ["#/$defs/a~1b%20~0%25", number],
    ["#/$defs/never", false],
    ["#/anyOf/1", number],
    ["#/$defs/missing", undefined],
    ["#/$defs/never/deeper", undefined],
    ["#/$defs/__proto__", undefined],
    ["#/anyOf/length/toFixed", undefined],
    ["#anchor", undefined],
    ["other.json#/$defs/never", undefined],
    ["", undefined],
  ])("%s", (reference, expected) => {
    expect(resolveReference(reference, root)).toBe(expected);
  });
});
