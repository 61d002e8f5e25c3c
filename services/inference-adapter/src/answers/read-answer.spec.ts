import { describe, expect, it } from "vitest";
import { readJson } from "./read-answer.js";

const many = (text: string) => text.repeat(200_000);
const fault = { fault: "that is no JSON" };

describe("JSON in a fence", () => {
  it.each<[string, string, object]>([
    ["as it should be", "```json\n[1]\n```", { result: "[1]" }],
    ["of no language", "```\n[1]\n```", { result: "[1]" }],
    ["with blanks around", " \n```JSON \n\n [1]\n\n ``` \n", { result: "[1]" }],
    ["with the end on its last line", "```json\n[1]```", { result: "[1]" }],
    ["on one line", "```json [1] ```", fault],
    ["of another language", "```c++\n[1]\n```", fault],
    ["without an end", "```json\n[1]", fault],
    ["that is all there is", "```json```", fault],
    ["with nothing inside", "```\n```", fault],
    ["with many blank lines", "```json\n" + many("\n") + "x", fault],
    ["with many blank lines before the end", "```json\n[1]" + many("\n ") + "```", { result: "[1]" }],
    ["with many blanks behind the language", "```json" + many(" ") + "x```", fault],
    ["of a long language", "```" + many("a"), fault],
    ["in many fences", many("```\n"), fault],
  ])("%s", (_case, text, expected) => {
    const startedAt = performance.now();
    expect(readJson(text, {})).toEqual(expected);
    expect(performance.now() - startedAt).toBeLessThan(2000);
  });
});
