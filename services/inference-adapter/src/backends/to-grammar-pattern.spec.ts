import { expect, it } from "vitest";
import { toGrammarPattern } from "./to-grammar-pattern.js";

it.each<[string, string]>([
  ["^[a-z]+$", "^[a-z]+$"],
  ["^[A-Z]{3}-\\d{4}$", "^[A-Z]{3}-[0-9]{4}$"],
  ["^#[0-9a-fA-F]{6}$", "^#[0-9a-fA-F]{6}$"],
  ["^v\\d+\\.\\d+$", "^v[0-9]+[.][0-9]+$"],
  ["^[\\w.-]{1,20}@x$", "^[A-Za-z0-9_.-]{1,20}@x$"],
  ["^[^ ]*$", "^[^ ]*$"],
])("%s", (pattern, expected) => expect(toGrammarPattern(pattern)).toBe(expected));

it.each([
  "",
  "^$",
  "[a-z]+",
  "^a",
  "^(a|b)$",
  "^(?=a)b$",
  "^a|b$",
  "^*$",
  "^+a$",
  "^{3}$",
  "^a.b$",
  "^a**$",
  "^[$",
  "^[]$",
  "^\\p{L}+$",
  "^\\bword$",
  "^a{1000000}$",
  '^"$',
  '^[a-z"]$',
  "^\\\\$",
  "^[\\]]$",
])("%s is left out", (pattern) => expect(toGrammarPattern(pattern)).toBeUndefined());
