import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { JsonBoundary } from "./json-boundary.js";
import { mendJson, type JsonValue } from "./mend-json.js";

describe("mendJson", () => {
  it.each<[string, string, JsonValue | undefined]>([
    ["well-formed", '{"a": [1, "b", null]}', { a: [1, "b", null] }],
    ["trailing commas", '{"a": [1, 2,],}', { a: [1, 2] }],
    ["single quotes", "{'a': 'it\\'s', 'b': '\"x\"'}", { a: "it's", b: '"x"' }],
    ["bare keys", "{name: 1, $other-key: 2}", { name: 1, "$other-key": 2 }],
    ["Python's literals", "[True, False, None]", [true, false, null]],
    ["raw newlines", '{"a": "x\ny\tz"}', { a: "x\ny\tz" }],
    ["unknown escapes", '["\\d\\.\\$", "\\u00e9", "\\uX"]', ["\\d\\.\\$", "é", "\\uX"]],
    ["numbers", "[-1.5e3, 0,]", [-1500, 0]],
    ["__proto__ is a member like others", '{"__proto__": 1,}', JSON.parse('{"__proto__": 1}') as JsonValue],
    ["missing comma", '{"a": 1 "b": 2}', undefined],
    ["missing value", '{"a": }', undefined],
    ["open string", '{"a": "b', undefined],
    ["missing bracket", '{"a": 1', undefined],
    ["text after", '{"a": 1,} x', undefined],
    ["name of a member of Object", "toString", undefined],
    ["nothing", "", undefined],
    ["too deep", `${"[".repeat(101)},${"]".repeat(101)}`, undefined],
    ["deeper still, and well-formed", `${"[".repeat(100_000)}${"]".repeat(100_000)}`, undefined],
  ])("%s", (_name, text, expected) => {
    expect(mendJson(text)).toEqual(expected);
  });

  it("closes brackets where asked", () => {
    expect(mendJson('{"a": {"b": [1', { mayLackClosers: true })).toEqual({ a: { b: [1] } });
    expect(mendJson('{"a": "b', { mayLackClosers: true })).toBeUndefined();
    expect(mendJson('{"a":', { mayLackClosers: true })).toBeUndefined();
  });

  it("never throws, and reads what JSON.parse reads as it does", () => {
    const pieces = fc.array(fc.constantFrom(..."{}[]\"',:\\ \n1aTn-".split("")), { maxLength: 30 });
    fc.assert(
      fc.property(pieces, (list) => {
        expect(() => mendJson(list.join(""), { mayLackClosers: true })).not.toThrow();
      }),
      { numRuns: 2000 },
    );
    fc.assert(
      fc.property(fc.json({ maxDepth: 5 }), (text) => {
        expect(mendJson(text)).toEqual(JSON.parse(text));
        expect(mendJson(`[${text},]`)).toEqual([JSON.parse(text)]);
      }),
    );
  });
});

it("JsonBoundary finds the end of an object at any cut", () => {
  const object = fc.dictionary(fc.string(), fc.jsonValue());
  fc.assert(
    fc.property(object, fc.string(), fc.integer({ min: 1, max: 9 }), (value, after, size) => {
      const text = JSON.stringify(value);
      const boundary = new JsonBoundary();
      let taken = 0;
      for (let at = 0, isEnd = false; !isEnd; at += size) {
        const step = boundary.scan((text + after).slice(at, at + size));
        taken += step.length;
        ({ isEnd } = step);
      }
      expect(taken).toBe(text.length);
    }),
  );
});
