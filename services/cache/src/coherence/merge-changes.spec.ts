import { describe, expect, it } from "vitest";
import type { Change } from "./change.js";
import { mergeChanges } from "./merge-changes.js";

const many = Array.from({ length: 1001 }, (_, index) => String(index));
const alice: Change = { filter: { tenant: "alice" } };

describe("mergeChanges", () => {
  it.each<[string, Change[], Change[]]>([
    ["nothing", [], []],
    ["one", [{ keys: ["a"] }], [{ keys: ["a"] }]],
    ["keys", [{ keys: ["a", "b"] }, { keys: ["b", "c"] }], [{ keys: ["a", "b", "c"] }]],
    ["keys and filters", [{ keys: ["a"] }, alice, { keys: ["b"] }], [{ keys: ["a", "b"] }, alice]],
    ["all and others", [{ keys: ["a"] }, { filter: {} }, alice], [{ filter: {} }]],
    [
      "given",
      [{ given: ["a"] }, { keys: ["b"] }, { given: ["a", "c"] }],
      [{ keys: ["b"] }, { given: ["a", "c"] }],
    ],
    ["given and all", [{ given: ["a"] }, { filter: {} }], [{ filter: {} }]],
    ["too many given", [{ given: many }, { given: ["a"] }, alice], [{ given: "any" }, alice]],
    ["any given", [{ given: "any" }, { given: ["a"] }], [{ given: "any" }]],
    ["too many keys", [{ keys: many }, alice], [{ filter: {} }]],
  ])("%s", (_name, changes, merged) => expect(mergeChanges(changes)).toEqual(merged));
});
