import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { coerceInput, coerceToSchema, hasRequired } from "./coerce-to-schema.js";

const number = { type: "number" };
const list = (items: object) => ({ type: "array", items });

describe("coerceToSchema", () => {
  it.each<[string, unknown, Record<string, unknown>, unknown]>([
    ["a number", "42.5", number, 42.5],
    ["a number with an exponent", "1e3", number, 1000],
    ["a number with a line end", "42\n", number, 42],
    ["hexadecimal is no number", "0x10", number, "0x10"],
    ["nothing is no number", "", number, ""],
    ["an infinite number", "1e999", number, "1e999"],
    ["an integer", "-7", { type: "integer" }, -7],
    ["an integer written as a decimal", "7.0", { type: "integer" }, 7],
    ["a fraction is no integer", "7.5", { type: "integer" }, "7.5"],
    ["an integer too large", "9007199254740993", { type: "integer" }, "9007199254740993"],
    ["a boolean", "TRUE", { type: "boolean" }, true],
    ["yes is no boolean", "yes", { type: "boolean" }, "yes"],
    ["null", "None", { type: "null" }, null],
    ["text stays", "42", { type: "string" }, "42"],
    ["without a type it stays", "42", {}, "42"],
    ["a list", "[1, 2]", list(number), [1, 2]],
    ["a list of text is not made numbers", '["1", "2"]', list({ type: "string" }), ["1", "2"]],
    ["a list with numbers as text", "['1', '2']", list(number), [1, 2]],
    ["one item is no list", "a", list({ type: "string" }), "a"],
    ["an object for a list", "{}", list(number), "{}"],
    ["broken JSON", "[1, 2", list(number), "[1, 2"],
    ["an object", '{"a": "1"}', { type: "object", properties: { a: number } }, { a: 1 }],
    ["an object's other members", '{"b": "1"}', { type: "object", additionalProperties: number }, { b: 1 }],
    ["a list that is one already", ["1"], list(number), [1]],
    ["an enum's text", "2", { enum: ["1", "2"] }, "2"],
    ["an enum's number", "2", { enum: [1, 2] }, 2],
    ["an enum's text with blanks", " fast ", { type: "string", enum: ["fast"] }, "fast"],
    ["an enum's null", "null", { type: ["string", "null"], enum: ["fast", null] }, null],
    ["an enum's word null", "null", { enum: ["null", null] }, "null"],
    ["not in the enum", "slow", { enum: ["fast"] }, "slow"],
    ["a constant", "3", { const: 3 }, 3],
    ["number or text", "42", { type: ["string", "number"] }, 42],
    ["number or text, where the number would lose something", "007", { type: ["string", "number"] }, "007"],
    ["text or null", "null", { type: ["string", "null"] }, null],
    ["text or null, as Python writes it", "None", { type: ["string", "null"] }, "None"],
    ["text or list", '["a"]', { anyOf: [{ type: "string" }, list({ type: "string" })] }, ["a"]],
    ["text or list, text that begins like one", "[a] b", { anyOf: [{ type: "string" }, list({})] }, "[a] b"],
    ["number or boolean", "false", { oneOf: [number, { type: "boolean" }] }, false],
    ["nested choices", "5", { anyOf: [{ oneOf: [{ type: "null" }, number] }, { type: "array" }] }, 5],
  ])("%s", (_name, value, schema, expected) => {
    expect(coerceToSchema(value, schema)).toEqual(expected);
  });

  it("takes the object that has what is required", () => {
    const move = { type: "object", properties: { steps: number }, required: ["steps"] };
    const say = {
      type: "object",
      properties: { words: { type: "string" }, count: number },
      required: ["words"],
    };
    const schema = { anyOf: [move, say] };
    expect(coerceToSchema('{"words": "1", "count": "2"}', schema)).toEqual({ words: "1", count: 2 });
  });

  it("follows references, and circles of them only so far", () => {
    const node = { type: "object", properties: { size: number, next: { $ref: "#/$defs/node" } } };
    const schema = { $defs: { node, loop: { $ref: "#/$defs/loop" } }, $ref: "#/$defs/node" };
    const value = '{"size": "1", "next": {"size": "2"}}';
    expect(coerceToSchema(value, schema)).toEqual({ size: 1, next: { size: 2 } });
    expect(coerceToSchema("1", { ...schema, $ref: "#/$defs/loop" })).toBe("1");
    expect(coerceToSchema("1", { $ref: "#/nowhere" })).toBe("1");
    expect(coerceToSchema("1", { $ref: "#/$defs/a%5B%5D", $defs: { "a[]": number } })).toBe(1);
  });

  const many = <T>(count: number, make: (index: number) => T) =>
    Array.from({ length: count }, (_, i) => make(i));
  const toItself = { $defs: { a: { anyOf: many(8000, () => ({ $ref: "#/$defs/a" })) } } };
  it.each<[string, unknown, Record<string, unknown>]>([
    ["a circle of unions", "x", { ...toItself, $ref: "#/$defs/a" }],
    ["many values of one", many(20_000, () => "1"), { ...toItself, ...list({ $ref: "#/$defs/a" }) }],
    ["many values of a long enum", many(20_000, () => "x"), list({ enum: many(20_000, (index) => index) })],
    [
      "many objects that lack one of many names",
      many(20_000, () => ({ a: 1 })),
      list({ type: "object", required: [...many(20_000, () => "a"), "b"] }),
    ],
    ["a long text that is no list", `[${"'a',".repeat(50_000)}`, { anyOf: many(60, () => list({})) }],
    ["a long text that is no number", `${"1".repeat(200_000)}x`, number],
    ["a long text that is no integer", `${"1".repeat(200_000)}.${"0".repeat(200_000)}x`, { type: "integer" }],
  ])("of %s it is soon done", (_case, value, schema) => {
    const startedAt = performance.now();
    expect(coerceToSchema(value, schema)).toEqual(value);
    expect(performance.now() - startedAt).toBeLessThan(2000);
  });

  it("never throws, and what comes out can be written as JSON", () => {
    const schema = fc.oneof(fc.jsonValue(), fc.constantFrom(list({ $ref: "#" }), { type: "object" }));
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), schema, (value, anything) => {
        const object = { anyOf: [anything], properties: anything, items: anything, required: anything };
        expect(() => JSON.stringify(coerceToSchema(value, object))).not.toThrow();
      }),
    );
    const deep = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
    expect(coerceToSchema(deep, list({ $ref: "#" }))).toBe(deep);
  });
});

describe("coerceInput", () => {
  it("keeps what the schema does not know, names like members of Object too", () => {
    const input = Object.fromEntries([
      ["a", "1"],
      ["toString", "2"],
      ["__proto__", "3"],
    ]);
    const schema = { type: "object", properties: { a: number }, additionalProperties: false };
    expect(Object.entries(coerceInput(input, schema))).toEqual([
      ["a", 1],
      ["toString", "2"],
      ["__proto__", "3"],
    ]);
  });

  it("leaves it alone without a schema", () => {
    expect(coerceInput({ a: "1" }, undefined)).toEqual({ a: "1" });
  });
});

it("hasRequired looks at own members only", () => {
  expect(hasRequired({ a: 1 }, { required: ["a"] })).toBe(true);
  expect(hasRequired({}, { required: ["toString"] })).toBe(false);
  expect(hasRequired({}, { required: "a" })).toBe(true);
});
