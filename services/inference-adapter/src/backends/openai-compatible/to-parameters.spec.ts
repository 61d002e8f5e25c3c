import { describe, expect, it } from "vitest";
import { toParameters } from "./to-parameters.js";

describe("the schema of a tool", () => {
  it("that is well-formed stays as it is", () => {
    const schema = {
      type: "object",
      properties: {
        a: { type: ["string", "null"], description: "d", enum: ["x", null] },
        b: { type: "array", items: { $ref: "#/$defs/c" }, minItems: 1 },
      },
      required: ["a"],
      additionalProperties: false,
      $defs: { c: { type: "object", properties: { d: { oneOf: [{ type: "integer" }, { const: 1 }] } } } },
    };
    expect(toParameters(schema)).toEqual(schema);
  });

  it.each<[string, Record<string, unknown> | undefined, Record<string, unknown>]>([
    ["that is missing", undefined, {}],
    ["for something else", { type: ["object", "null"] }, {}],
    [
      "with booleans for schemas",
      { properties: { a: true, b: { items: true, anyOf: [true] } } },
      { properties: { a: {}, b: { items: {}, anyOf: [{}] } } },
    ],
    [
      "with members of a wrong type",
      {
        required: true,
        properties: { a: { type: 5, description: 5, enum: {}, anyOf: {}, oneOf: [], properties: [] } },
      },
      { properties: { a: { properties: {} } } },
    ],
    ["with a list for its properties", { properties: [] }, {}],
  ])("%s is for an object all the same", (_name, schema, expected) => {
    expect(toParameters(schema)).toEqual({ type: "object", properties: {}, ...expected });
  });
});
