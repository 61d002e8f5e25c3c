import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { collect } from "#anthropic/__fixtures__/collect.js";
import { cutAtStopSequence } from "./cut-at-stop-sequence.js";
import type { GenerationEnd, GenerationEvent } from "./inference-backend.js";

const end: GenerationEnd = {
  type: "end",
  stopReason: "end_turn",
  stopSequence: null,
  inputTokens: 3,
  outputTokens: 99,
  loadSeconds: 1,
  prefillSeconds: 1,
  decodeSeconds: 1,
};
const text = (piece: string): GenerationEvent => ({ type: "text", text: piece });
const call: GenerationEvent[] = [
  { type: "tool_use_start", name: "f" },
  { type: "tool_use_input", partialJson: "{}" },
];

async function* from(events: GenerationEvent[], onClose = () => {}): AsyncGenerator<GenerationEvent> {
  try {
    yield* events;
  } finally {
    onClose();
  }
}

const cut = (events: GenerationEvent[], sequences: string[]) =>
  collect(cutAtStopSequence(from(events), sequences));

const joinText = (events: GenerationEvent[]) =>
  events.map((event) => (event.type === "text" ? event.text : "")).join("");

function readResult(events: GenerationEvent[]) {
  const last = events.at(-1);
  if (last?.type !== "end") throw new Error("no end");
  return { text: joinText(events), stopReason: last.stopReason, stopSequence: last.stopSequence };
}

/** Character by character, as a model would be stopped: the plain definition that the code must equal. */
function stopPlainly(whole: string, sequences: string[]) {
  for (let length = 1; length <= whole.length; length++) {
    const written = whole.slice(0, length);
    const hits = sequences.filter((sequence) => written.endsWith(sequence));
    const hit = hits.sort((a, b) => b.length - a.length)[0];
    if (hit !== undefined)
      return { text: written.slice(0, -hit.length), stopReason: "stop_sequence", stopSequence: hit };
  }
  return { text: whole, stopReason: "end_turn", stopSequence: null };
}

const pieces = (whole: string, lengths: number[]): string[] => {
  const cutPieces: string[] = [];
  for (let start = 0, turn = 0; start < whole.length; turn++) {
    const length = lengths[turn % lengths.length] ?? whole.length;
    cutPieces.push(whole.slice(start, start + length));
    start += length;
  }
  return cutPieces;
};

describe("a stop sequence", () => {
  it.each<[string, string, string[], string, string | null]>([
    ["in the middle", "one STOP two", ["STOP"], "one ", "STOP"],
    ["at the start", "STOP two", ["STOP"], "", "STOP"],
    ["at the end", "one STOP", ["STOP"], "one ", "STOP"],
    ["that never comes", "one two", ["STOP"], "one two", null],
    ["that only begins", "one STO", ["STOP"], "one STO", null],
    ["that begins, fails and comes", "STOSTOP", ["STOP"], "STO", "STOP"],
    ["of one character", "a\nb", ["\n"], "a", "\n"],
    ["that overlaps itself", "aaab", ["aab"], "a", "aab"],
    ["inside a longer one that is whole later", "xabcd", ["abcd", "bc"], "xa", "bc"],
    ["that is the start of another", "xabc", ["abc", "ab"], "x", "ab"],
    ["that is the end of another", "xabc", ["bc", "abc"], "x", "abc"],
    ["that is empty stops nothing", "abc", [""], "abc", null],
    ["beside an empty one", "abc", ["", "b"], "a", "b"],
    ["with characters of two units", "a🙂b", ["🙂"], "a", "🙂"],
    ["that shares half a character", "a🙂b", ["🙁"], "a🙂b", null],
  ])("%s", async (_name, whole, sequences, before, stopSequence) => {
    const result = {
      text: before,
      stopReason: stopSequence === null ? "end_turn" : "stop_sequence",
      stopSequence,
    };
    for (const lengths of [[1], [2], [3], [whole.length], [1, 4]])
      expect(readResult(await cut([...pieces(whole, lengths).map(text), end], sequences))).toEqual(result);
  });

  it("at any place of any text in any pieces stops as if the text came character by character", async () => {
    const letters = fc.string({ unit: fc.constantFrom("a", "b", "c", "🙂"), maxLength: 40 });
    const sequence = fc.string({ unit: fc.constantFrom("a", "b", "c", "🙂"), minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(
        letters,
        fc.array(sequence, { minLength: 1, maxLength: 4 }),
        fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 5 }),
        async (whole, sequences, lengths) => {
          const events = await cut([...pieces(whole, lengths).map(text), end], sequences);
          expect(readResult(events)).toEqual(stopPlainly(whole, sequences));
          expect(events.some((event) => event.type === "text" && event.text === "")).toBe(false);
        },
      ),
      { numRuns: 1000 },
    );
  });

  it("leaves other events in their places, and no text is held back beyond them", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.oneof(
            fc.constantFrom("S", "T", "x", "ST").map((piece): GenerationEvent[] => [text(piece)]),
            fc.constant(call),
            fc.constant<GenerationEvent[]>([{ type: "thinking", thinking: "STOP" }]),
          ),
          { maxLength: 12 },
        ),
        async (groups) => {
          const events = [...groups.flat(), end];
          const merge = (list: GenerationEvent[]) =>
            list.reduce<GenerationEvent[]>((merged, event) => {
              const last = merged.at(-1);
              if (event.type === "text" && last?.type === "text")
                return [...merged.slice(0, -1), text(last.text + event.text)];
              return [...merged, event];
            }, []);
          expect(merge(await cut(events, ["STOP"]))).toEqual(merge(events));
        },
      ),
    );
  });

  it("lets text go at once where no sequence can begin", async () => {
    expect(await cut([text("ab S"), text("o"), text("cd"), end], ["STOP"])).toEqual([
      text("ab "),
      text("So"),
      text("cd"),
      end,
    ]);
  });

  it("is not found across a tool call", async () => {
    expect(await cut([text("ST"), ...call, text("OP"), end], ["STOP"])).toEqual([
      text("ST"),
      ...call,
      text("OP"),
      end,
    ]);
  });

  it.each<[string, string[], string]>([
    ["one that is long", [`${"a".repeat(60_000)}b`], "a"],
    ["many", Array.from({ length: 10_000 }, (_, index) => `s${index}`), "s"],
    ["more than a call can have arguments", Array.from({ length: 200_000 }, () => "b"), "a"],
    ["many that begin alike", Array.from({ length: 300 }, (_, index) => `${"a".repeat(200)}${index}`), "a"],
  ])("takes no longer for %s", { timeout: 20_000 }, async (_name, sequences, piece) => {
    for (const events of [Array.from({ length: 70_000 }, () => text(piece)), [text(piece.repeat(70_000))]])
      expect(joinText(await cut([...events, end], sequences))).toBe(piece.repeat(70_000));
  });

  it("counts the pieces up to it as tokens, thinking too", async () => {
    const events = await cut(
      [{ type: "thinking", thinking: "hm" }, text("a"), text("STOP"), text("b")],
      ["STOP"],
    );
    expect(events.at(-1)).toMatchObject({ outputTokens: 3, inputTokens: undefined });
  });

  it("closes what comes behind it, which is never read", async () => {
    let isClosed = false;
    const source = from([text("STOP"), text("more"), end], () => (isClosed = true));
    const events = await collect(cutAtStopSequence(source, ["STOP"]));
    expect(events.map(({ type }) => type)).toEqual(["end"]);
    expect(isClosed).toBe(true);
  });
});

describe("without a stop sequence", () => {
  it.each([[[]], [[""]]])("everything passes: %j", async (sequences) => {
    const events = [text("a"), ...call, end];
    expect(await cut(events, sequences)).toEqual(events);
  });
});
