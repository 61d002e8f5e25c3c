import { describe, expect, it } from "vitest";
import { findSchemaFault } from "./find-schema-fault.js";

const property = (schema: unknown) => ({ type: "object", properties: { a: schema } });

describe("a schema that means something", () => {
  it.each<[string, unknown]>([
    ["nothing said", {}],
    ["true", true],
    ["several types", { type: ["string", "null"] }],
    ["unknown members", { "x-order": 1, title: 5, $schema: "https://json-schema.org/draft/2020-12/schema" }],
    ["an enum of anything", { enum: [1, null, { a: [] }] }],
    ["a tuple of old", { items: [{ type: "string" }, true] }],
    ["a tuple", { prefixItems: [{ type: "string" }], items: false }],
    ["a definition", { $defs: { n: { type: "object" } }, $ref: "#/$defs/n" }],
    ["itself", { type: "object", properties: { next: { $ref: "#" } } }],
    ["a name that is an escape", { $defs: { "a/b": {} }, $ref: "#/$defs/a~1b" }],
    ["a name in percents", { $defs: { "Box[ä/%]": {} }, $ref: "#/$defs/Box%5B%C3%A4~1%25%5D" }],
    ["a name with a percent sign", { $defs: { "100%": {} }, $ref: "#/$defs/100%" }],
    ["a property called type", property({ type: "object", properties: { type: { type: "string" } } })],
    ["a pattern", { type: "string", pattern: "^\\p{L}+$" }],
    ["a pattern of classes", { pattern: "^[\\p{L}\\P{Nd}_-]\\\\\\p{Script=Greek}{3}$" }],
    ["a long pattern", { pattern: "a".repeat(2000) }],
    ["properties by pattern", { patternProperties: { "^\\p{L}": {} } }],
  ])("%s", (_case, schema) => {
    expect(findSchemaFault(schema)).toBeUndefined();
  });
});

describe("a schema with a fault", () => {
  const nested = (depth: number): unknown => (depth === 0 ? {} : { items: nested(depth - 1) });
  it.each<[string, unknown, string]>([
    ["a type that is none", property({ type: "text" }), ".properties.a.type"],
    ["a type that is a number", property({ type: 5 }), ".properties.a.type"],
    ["one of several types", { type: ["string", "any"] }, ".type"],
    ["a schema that is text", property("string"), ".properties.a"],
    ["properties that are a list", { properties: [] }, ".properties"],
    ["an empty enum", property({ enum: [] }), ".properties.a.enum"],
    ["an enum that is text", property({ enum: "a" }), ".properties.a.enum"],
    ["required of old", property({ type: "string", required: true }), ".properties.a.required"],
    ["an empty union", { anyOf: [] }, ".anyOf"],
    ["a union of nonsense", { oneOf: [{}, 5] }, ".oneOf.1"],
    ["items that are text", { type: "array", items: "string" }, ".items"],
    ["a limit that is text", { type: "integer", minimum: "3" }, ".minimum"],
    ["a negative length", { type: "string", minLength: -1 }, ".minLength"],
    ["a pattern that is none", { pattern: "(" }, ".pattern"],
    ["a pattern with a class that is none", { pattern: "\\p{Nothing}" }, ".pattern"],
    ["a pattern with what is no class", { pattern: "\\\\p{L}" }, ".pattern"],
    ["a pattern with a range of classes", { pattern: "[\\p{L}-z]" }, ".pattern"],
    ["a pattern beyond measure", { pattern: "a".repeat(2001) }, ".pattern"],
    ["properties by what is no pattern", { patternProperties: { "(": {} } }, ".patternProperties"],
    ["a reference to nowhere", property({ $ref: "#/$defs/nope" }), ".properties.a.$ref"],
    ["a reference to nowhere in percents", { $defs: { a: {} }, $ref: "#/$defs/%62" }, ".$ref"],
    ["a reference to another document", { $ref: "https://example.com/schema.json" }, ".$ref"],
    ["too deep", nested(100), ".items".repeat(65)],
  ])("%s", (_case, schema, path) => {
    expect(findSchemaFault(schema)?.path).toBe(path);
  });
});

it.each([
  ["character classes", "\\p{L}", 300],
  ["what another case means", "(?i:[\\W\\W])", 160],
])("is soon found in many patterns: %s", (_name, piece, times) => {
  const patternsOf = (count: number) =>
    Array.from({ length: count }, (_, index) => ({ pattern: `${index}${piece.repeat(times)}` }));
  const startedAt = performance.now();
  expect(findSchemaFault({ anyOf: patternsOf(30) })).toBeUndefined();
  expect(findSchemaFault({ anyOf: patternsOf(3000) })?.message).toContain("65536 in all");
  expect(performance.now() - startedAt).toBeLessThan(2000);
});
