import { describe, expect, it } from "vitest";
import { checkAgainstSchema } from "./check-against-schema.js";

const many = (text: string, times: number) => text.repeat(times);
const text = (pattern: string) => ({ properties: { a: { type: "string", pattern } } });

describe("a schema that would take long", () => {
  it.each<[string, Record<string, unknown>]>([
    ["a pattern that tries for ever", text("^(a+)+$")],
    ["a pattern of many classes", text(many("[\\p{L}]{1000}", 5000))],
    ["a pattern of many groups", text(many("(?:", 20_000) + "a" + many(")?", 20_000))],
    ["such a pattern for names", { patternProperties: { [many("[\\p{L}]{1000}", 5000)]: {} } }],
    [
      "many patterns of classes",
      { allOf: Array.from({ length: 500 }, (_, index) => text(many("[\\p{L}]{99}", 150) + index)) },
    ],
    ["a circle", { allOf: [{ $ref: "#" }, { $ref: "#" }] }],
  ])("judges nothing: %s", (_case, schema) => {
    const startedAt = performance.now();
    expect(checkAgainstSchema({ a: `${many("a", 1000)}!` }, schema)).toBeUndefined();
    expect(performance.now() - startedAt).toBeLessThan(5000);
  });

  it("says what does not match", () => {
    expect(checkAgainstSchema({ a: "b" }, text("^a$"))).toMatch(/^\/a: /);
    expect(checkAgainstSchema({ a: "a" }, text("^a$"))).toBeUndefined();
  });
});
