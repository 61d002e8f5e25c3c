import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { StopSequenceMatcher } from "./stop-sequence-matcher.js";

/** The plain definition: what is whole at the first character where anything is, and the longest of those. */
function findPlainly(text: string, sequences: string[]) {
  for (let end = 1; end <= text.length; end++) {
    const whole = sequences.filter((sequence) => text.slice(0, end).endsWith(sequence));
    const [sequence] = whole.sort((one, other) => other.length - one.length);
    if (sequence !== undefined) return { sequence, end };
  }
  return undefined;
}

function beginPlainly(text: string, sequences: string[]): number {
  for (let start = 0; start < text.length; start++)
    if (sequences.some((sequence) => sequence.startsWith(text.slice(start)))) return text.length - start;
  return 0;
}

const anyText = (maxLength: number, minLength = 0) =>
  fc.string({ unit: fc.constantFrom("a", "b", "c", "\ud83d", "🙂"), minLength, maxLength });

describe("any sequences in any text in any pieces", () => {
  it("are found, and their beginnings, as by the plain definition", () => {
    fc.assert(
      fc.property(
        fc.array(anyText(8, 1), { minLength: 1, maxLength: 6 }),
        fc.array(anyText(6), { maxLength: 12 }),
        (sequences, pieces) => {
          const matcher = new StopSequenceMatcher(sequences);
          let fed = "";
          for (const piece of pieces) {
            const hit = matcher.feed(piece);
            const end = hit && fed.length + hit.end;
            fed += piece;
            expect(hit && { ...hit, end }).toEqual(findPlainly(fed, sequences));
            if (hit) return;
            expect(matcher.begun).toBe(beginPlainly(fed, sequences));
          }
        },
      ),
      { numRuns: 3000 },
    );
  });

  it("begin anew after a reset", () => {
    const matcher = new StopSequenceMatcher(["ab"]);
    matcher.feed("a");
    matcher.reset();
    expect([matcher.begun, matcher.feed("b")]).toEqual([0, undefined]);
  });
});
