import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalJson } from "./canonical-json.js";
import { ApiError } from "../errors.js";

const parse = (json: string) => JSON.parse(json) as unknown;

describe("canonicalJson", () => {
  it.each<[string, unknown, string]>([
    ["keys in order", { b: 1, a: 2, B: 3, "": 4 }, '{"":4,"B":3,"a":2,"b":1}'],
    ["keys that are numbers as texts", { 10: 1, 9: 2, 1: 3 }, '{"1":3,"10":1,"9":2}'],
    ["lists in their order", [3, 1, [2, {}], []], "[3,1,[2,{}],[]]"],
    ["no undefined member", { a: undefined, b: 1, c: undefined }, '{"b":1}'],
    ["an undefined item as null", [undefined, 1], "[null,1]"],
    ["null, booleans and numbers", [null, true, false, 0, -1.5, 1e21], "[null,true,false,0,-1.5,1e+21]"],
    ["texts escaped", 'a"\\\n\u0000é\ud800', '"a\\"\\\\\\n\\u0000é\\ud800"'],
    ["an own __proto__", parse('{"z":1,"__proto__":{"b":1,"a":2}}'), '{"__proto__":{"a":2,"b":1},"z":1}'],
    ["nothing of the prototype", Object.create({ inherited: 1 }), "{}"],
  ])("writes %s", (_case, value, json) => {
    expect(canonicalJson(value)).toBe(json);
  });

  const nested = (levels: number, inside: (value: unknown) => unknown): unknown => {
    let value: unknown = 1;
    for (let level = 0; level < levels; level++) value = inside(value);
    return value;
  };

  it.each<[string, (value: unknown) => unknown]>([
    ["lists", (value) => [value]],
    ["objects", (value) => ({ a: value })],
  ])("writes %s 500 deep and refuses deeper ones, however deep", (_case, inside) => {
    expect(JSON.parse(canonicalJson(nested(500, inside)))).toEqual(nested(500, inside));
    for (const levels of [502, 100_000])
      expect(() => canonicalJson(nested(levels, inside))).toThrow(
        new ApiError("invalid_request_error", "The request is nested deeper than 500 levels"),
      );
  });

  // After {"":0,"\\":0} Node 24.21 reads the keys of {"":0,"\"":0} as if they were the same: V8's JSON.parse takes the
  // backslash of an escape for the key that it expects.
  const hasBackslashKey = (value: unknown) => JSON.stringify(value).includes(String.raw`"\\":`);

  it("parses back to an equal value", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        fc.pre(!hasBackslashKey(value));
        assert.deepStrictEqual(parse(canonicalJson(value)), parse(JSON.stringify(value)));
      }),
      { numRuns: 500 },
    );
  });

  it("is the same for equal values and differs for others", () => {
    const shuffle = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(shuffle);
      if (typeof value !== "object" || value === null) return value;
      return Object.fromEntries(
        Object.entries(value)
          .map(([key, member]): [string, unknown] => [key, shuffle(member)])
          .toReversed(),
      );
    };
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (first, second) => {
        expect(canonicalJson(shuffle(first))).toBe(canonicalJson(first));
        const equal =
          fc.stringify(parse(canonicalJson(first))) === fc.stringify(parse(canonicalJson(second)));
        expect(canonicalJson(first) === canonicalJson(second)).toBe(equal);
      }),
      { numRuns: 500 },
    );
  });
});
