import fc from "fast-check";
import { createHash } from "node:crypto";
import { expect, it } from "vitest";
import { digestCanonicalJson, hashCanonicalJson } from "./canonical-hash.js";
import { canonicalJson } from "./__fixtures__/canonical-json.js";

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

it("is the SHA-256 of the canonical JSON", () => {
  const value = fc.jsonValue({ stringUnit: "binary" });
  fc.assert(
    fc.property(value, (any) => hashCanonicalJson(any) === sha256(canonicalJson(any))),
    { numRuns: 2000 },
  );
});

it.each([
  ["undefined members and items", { b: undefined, a: [undefined, 1], c: {} }],
  ["long texts beyond Latin-1", { text: "→ é 😀 \ud800".repeat(50_000), name: "x".repeat(300) }],
  ["a long member name", { ["→".repeat(1000)]: "y".repeat(255) }],
  ["a number alone", 1.5],
])("is the same for %s", (_name, value) => {
  expect(hashCanonicalJson(value)).toBe(sha256(canonicalJson(value)));
});

it("lets short JSON stand for itself, and marks the hash of a longer one", () => {
  expect(digestCanonicalJson({ role: "user" })).toBe('{"role":"user"}');
  const longest = "x".repeat(42);
  expect(digestCanonicalJson(longest)).toBe(`"${longest}"`);
  const hash = createHash("sha256").update(`"${longest}x"`).digest("base64url");
  expect(digestCanonicalJson(`${longest}x`)).toBe(`#${hash}`);
  expect(digestCanonicalJson("ä".repeat(30))).toMatch(/^#/);
});
