import { describe, expect, it } from "vitest";
import { toGrammarSchema } from "./to-grammar-schema.js";

const anything = { type: ["string", "number", "boolean", "null", "array", "object"] };

it.each<[string, unknown, unknown]>([
  ["true", true, anything],
  ["nothing", {}, anything],
  ["a type that nobody knows", { type: "text" }, anything],
  ["a description only", { description: "d" }, anything],
  ["text", { type: "string", description: "d", default: "x" }, { type: "string" }],
  [
    "a length",
    { type: "string", minLength: 2, maxLength: 9 },
    { type: "string", minLength: 2, maxLength: 9 },
  ],
  ["a length beyond measure", { type: "string", maxLength: 1e9 }, { type: "string" }],
  ["a pattern", { type: "string", pattern: "^\\d+$" }, { type: "string", pattern: "^[0-9]+$" }],
  ["a pattern alone", { pattern: "^a$" }, { type: "string", pattern: "^a$" }],
  ["a pattern that ends servers", { type: "string", pattern: "^(?=a)b$" }, { type: "string" }],
  ["a date", { type: "string", format: "date" }, { type: "string", format: "date" }],
  ["another format", { type: "string", format: "email" }, { type: "string" }],
  ["a format that is no text", { type: "string", format: 5 }, { type: "string" }],
  [
    "whole numbers",
    { type: "integer", minimum: 1, maximum: 9, multipleOf: 2 },
    { type: "integer", minimum: 1, maximum: 9 },
  ],
  [
    "bounds that are no whole numbers",
    { type: "integer", minimum: 0.5, exclusiveMinimum: true },
    { type: "integer" },
  ],
  ["a number", { type: "number", minimum: 0 }, { type: "number" }],
  ["a constant", { const: "a", type: "string" }, { const: "a" }],
  ["an enum", { type: "string", enum: ["a", null] }, { enum: ["a", null] }],
  ["an empty enum", { enum: [] }, anything],
  ["a value beyond measure", { const: "x".repeat(5000) }, anything],
  [
    "values beyond all measure, and others",
    { type: "object", properties: { a: { enum: ["x".repeat(1e6)] }, b: { const: 1 } } },
    { type: "object", properties: { a: anything, b: { const: 1 } } },
  ],
  [
    "two types",
    { type: ["string", "null"], maxLength: 3 },
    { anyOf: [{ type: "string", maxLength: 3 }, { type: "null" }] },
  ],
  ["an object of anything", { type: "object" }, { type: "object" }],
  ["an object of nothing", { type: "object", properties: {} }, { type: "object", properties: {} }],
  [
    "an object",
    {
      type: "object",
      properties: { a: { type: "string" }, b: true, c: false },
      required: ["a", 5],
      title: "t",
    },
    { type: "object", properties: { a: { type: "string" }, b: anything }, required: ["a"] },
  ],
  [
    "other properties",
    { type: "object", additionalProperties: { type: "integer" } },
    { type: "object", properties: {}, additionalProperties: { type: "integer" } },
  ],
  [
    "required properties that are not named",
    { type: "object", properties: { a: { type: "null" } }, required: ["z", "a", "z"] },
    {
      type: "object",
      properties: { a: { type: "null" }, z: anything },
      required: ["z", "a", "z"],
    },
  ],
  [
    "required properties where none are named",
    { type: "object", required: ["z"] },
    { type: "object", properties: { z: anything }, required: ["z"], additionalProperties: true },
  ],
  [
    "required properties that others are like",
    { type: "object", required: ["z"], additionalProperties: { type: "null" } },
    {
      type: "object",
      properties: { z: { type: "null" } },
      required: ["z"],
      additionalProperties: { type: "null" },
    },
  ],
  [
    "required properties by pattern",
    { type: "object", required: ["z"], patternProperties: { "^z": {} }, additionalProperties: false },
    { type: "object", properties: { z: anything }, required: ["z"], additionalProperties: true },
  ],
  [
    "required properties that may not be there",
    { type: "object", properties: {}, required: ["z"], additionalProperties: false },
    { type: "object", properties: {}, required: ["z"], additionalProperties: false },
  ],
  [
    "properties by pattern",
    { type: "object", properties: {}, patternProperties: { "^x": {} }, additionalProperties: false },
    { type: "object", properties: {}, additionalProperties: true },
  ],
  [
    "a list",
    { type: "array", items: { type: "string" }, minItems: 1 },
    { type: "array", items: { type: "string" }, minItems: 1 },
  ],
  ["a list of anything", { type: "array" }, { type: "array", items: anything }],
  [
    "a tuple",
    { prefixItems: [{ type: "string" }, {}] },
    { type: "array", prefixItems: [{ type: "string" }, anything] },
  ],
  [
    "a tuple of old",
    { type: "array", items: [{ type: "null" }] },
    { type: "array", prefixItems: [{ type: "null" }] },
  ],
  [
    "a union",
    { oneOf: [{ type: "string" }, { type: "null" }] },
    { anyOf: [{ type: "string" }, { type: "null" }] },
  ],
  [
    "a union whose type stands outside",
    { type: "string", anyOf: [{ maxLength: 3 }, { pattern: "^a$" }] },
    {
      anyOf: [
        { type: "string", maxLength: 3 },
        { type: "string", pattern: "^a$" },
      ],
    },
  ],
  [
    "a union beside properties: only they are read",
    {
      type: "object",
      properties: { a: { type: "null" } },
      anyOf: [{ required: ["a"] }, { required: ["b"] }],
    },
    { type: "object", properties: { a: { type: "null" } } },
  ],
  [
    "all of several objects",
    {
      $defs: { base: { type: "object", properties: { a: { type: "null" } }, required: ["a"] } },
      allOf: [{ $ref: "#/$defs/base" }, { properties: { b: { type: "null" } }, required: ["b"] }],
    },
    {
      type: "object",
      properties: { a: { type: "null" }, b: { type: "null" } },
      required: ["a", "b"],
      $defs: { base: { type: "object", properties: { a: { type: "null" } }, required: ["a"] } },
    },
  ],
  [
    "all of one that leads back, described",
    {
      $ref: "#/definitions/node",
      definitions: {
        node: {
          type: "object",
          properties: {
            left: { title: "Left", description: "d", allOf: [{ $ref: "#/definitions/node" }] },
            right: { type: "object", allOf: [{ $ref: "#/definitions/node" }] },
          },
        },
      },
    },
    {
      $ref: "#/definitions/node",
      definitions: {
        node: {
          type: "object",
          properties: { left: { $ref: "#/definitions/node" }, right: { $ref: "#/definitions/node" } },
        },
      },
    },
  ],
  [
    "all of one that is more",
    {
      $defs: { a: { type: "object", properties: { a: { type: "null" } } } },
      allOf: [{ $ref: "#/$defs/a" }],
      required: ["a"],
    },
    {
      type: "object",
      properties: { a: { type: "null" } },
      required: ["a"],
      $defs: { a: { type: "object", properties: { a: { type: "null" } } } },
    },
  ],
  ["all of one", { allOf: [{ type: "integer" }] }, { type: "integer" }],
  [
    "a reference, and where it leads",
    { $ref: "#/$defs/a", description: "d", $defs: { a: { type: "string", $comment: "c" } } },
    { $ref: "#/$defs/a", $defs: { a: { type: "string" } } },
  ],
  [
    "a reference in percents",
    { $ref: "#/$defs/Box%5Bint%5D", $defs: { "Box[int]": { type: "string" } } },
    { $ref: "#/$defs/Box[int]", $defs: { "Box[int]": { type: "string" } } },
  ],
  [
    "a reference in percents that is merged",
    { allOf: [{ $ref: "#/$defs/a%5B%5D" }, {}], $defs: { "a[]": { type: "null" } } },
    { type: "null", $defs: { "a[]": { type: "null" } } },
  ],
  [
    "a reference through a name that has a slash",
    { type: "array", items: { $ref: "#/$defs/a~1b" }, $defs: { "a/b": { type: "null" } } },
    { type: "array", items: anything, $defs: { "a/b": { type: "null" } } },
  ],
])("%s", (_case, schema, expected) => expect(toGrammarSchema(schema)).toEqual(expected));

it("merges many parts, and gives any number of them up without falling over it", () => {
  const partsOf = (length: number) =>
    Array.from({ length }, () => ({ properties: { a: { type: "string" } } }));
  expect(toGrammarSchema({ allOf: partsOf(5000) })).toMatchObject({
    type: "object",
    properties: { a: { type: "string" } },
  });
  expect(toGrammarSchema({ allOf: partsOf(200_000) })).toMatchObject({ type: expect.anything() as unknown });
});

describe("what goes on for ever", () => {
  it("ends", () => {
    let deep: unknown = {};
    for (let depth = 0; depth < 400; depth++) deep = { items: deep, type: "array" };
    expect(JSON.stringify(toGrammarSchema(deep)).length).toBeLessThan(5000);
    const circle = { $defs: { a: { allOf: [{ $ref: "#/$defs/a" }] } }, $ref: "#/$defs/a" };
    expect(toGrammarSchema(circle)).toMatchObject({ $ref: "#/$defs/a" });
  });

  const many = <T>(count: number, make: (index: number) => T) =>
    Array.from({ length: count }, (_, i) => make(i));
  const named = (count: number, make: (index: number) => unknown) =>
    Object.fromEntries(many(count, (index) => [`p${index}`, make(index)]));
  const toA = { $ref: "#/$defs/a" };
  const wide = { type: "object", properties: named(3000, () => ({ type: "string" })) };
  const twice = (inner: unknown) => ({
    properties: { a: { allOf: [inner, {}] }, b: { allOf: [inner, {}] } },
  });
  it.each<[string, unknown]>([
    ["a tree of merged objects", twice({ $ref: "#" })],
    ["a tree of described objects", { ...twice(toA), $defs: { a: twice(toA) } }],
    [
      "a wide object, merged into many",
      { properties: named(3000, () => ({ allOf: [toA, {}] })), $defs: { a: wide } },
    ],
    [
      "many wide objects in one",
      { allOf: many(100, (index) => ({ $ref: `#/$defs/p${index}` })), $defs: named(100, () => wide) },
    ],
    [
      "a long list, merged into many",
      {
        properties: named(3000, () => ({ allOf: [toA, {}] })),
        $defs: { a: { enum: many(20_000, (index) => index) } },
      },
    ],
    [
      "names that are required many times over",
      {
        properties: named(3000, () => ({ allOf: [toA, { properties: {} }] })),
        $defs: { a: { required: many(20_000, () => "x") } },
      },
    ],
    [
      "many types that are one",
      { type: many(20_000, () => "object"), properties: named(3000, () => ({ type: "string" })) },
    ],
    [
      "a long pattern, merged into many",
      {
        properties: named(3000, () => ({ allOf: [toA, {}] })),
        $defs: { a: { type: "string", pattern: `^${"a".repeat(4000)}$` } },
      },
    ],
  ])("of %s it is soon done", (_case, schema) => {
    const startedAt = performance.now();
    expect(JSON.stringify(toGrammarSchema(schema)).length).toBeLessThan(2_000_000);
    expect(performance.now() - startedAt).toBeLessThan(2000);
  });

  it("one object many times is one object", () => {
    const schema = { allOf: many(3000, () => toA), $defs: { a: wide } };
    expect(toGrammarSchema(schema)).toEqual({ ...wide, required: [], $defs: { a: wide } });
  });

  it("what would be too long is anything", () => {
    expect(toGrammarSchema(twice({ $ref: "#" }))).toEqual(anything);
  });
});
