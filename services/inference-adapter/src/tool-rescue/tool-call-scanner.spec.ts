import { describe, expect, it } from "vitest";
import { corpus, endingOf, toolsOf } from "./__fixtures__/corpus.js";
import { cuts, scan, type Outcome } from "./__fixtures__/scan.js";

describe.each(corpus)("%s", (_file, cases) => {
  it.each(cases)("$name", (corpusCase) => {
    const { output, expected } = corpusCase;
    for (const [cut, pieces] of cuts(output)) {
      const outcome = scan(pieces, toolsOf(corpusCase), endingOf(corpusCase));
      expect(outcome.map(withoutSource), cut).toEqual(expected);
      expect(outcome.map((piece) => ("text" in piece ? piece.text : piece.source)).join("")).toBe(output);
    }
  });
});

const withoutSource = (piece: Outcome) =>
  "text" in piece ? piece : { tool: piece.tool, input: piece.input };

it("has at least 60 cases", () => {
  expect(corpus.flatMap(([, cases]) => cases).length).toBeGreaterThan(60);
});
