import { describe, expect, it } from "vitest";
import { cuts } from "../../../tool-rescue/__fixtures__/scan.js";
import type { GenerationEvent } from "../../inference-backend.js";
import { splitThinking } from "./split-thinking.js";

const end = { type: "end", stopReason: "end_turn" } as GenerationEvent;

async function split(pieces: string[], isOpen: boolean) {
  async function* written(): AsyncGenerator<GenerationEvent> {
    for (const text of pieces) yield { type: "text", text };
    yield end;
  }
  const found = { thinking: "", text: "" };
  for await (const event of splitThinking(written(), isOpen)) {
    if (event.type === "thinking") found.thinking += event.thinking;
    else if (event.type === "text") found.text += event.text;
  }
  return found;
}

describe.each<[string, boolean, string, { thinking: string; text: string }]>([
  ["thinking and an answer", false, "<think>\nA.\nB. </think>\n\nYes.", { thinking: "A.\nB.", text: "Yes." }],
  [
    "thinking that the prompt has opened",
    true,
    "\nA < B.\n</think>Yes.",
    { thinking: "A < B.", text: "Yes." },
  ],
  ["blanks before it", false, " \n<think>A</think> Yes", { thinking: "A", text: "Yes" }],
  ["none", false, " Yes, <think> is a tag.", { thinking: "", text: " Yes, <think> is a tag." }],
  ["nothing in it", false, "<think>\n\n</think>\n\nYes.", { thinking: "", text: "Yes." }],
  ["no end", false, "<think>A </thi", { thinking: "A </thi", text: "" }],
  ["only the beginning of a tag", false, "<thi", { thinking: "", text: "<thi" }],
  ["tags in the answer", false, "<think>A</think>B</think>", { thinking: "A", text: "B</think>" }],
  ["nothing at all", true, "", { thinking: "", text: "" }],
])("%s", (_case, isOpen, written, expected) => {
  it.each(cuts(written))("at %s", async (_cut, pieces) => {
    expect(await split(pieces, isOpen)).toEqual(expected);
  });
});

it("tells thinking as it comes", async () => {
  const seen: string[] = [];
  async function* written(): AsyncGenerator<GenerationEvent> {
    yield { type: "text", text: "<think>first" };
    expect(seen).toEqual(["first"]);
    yield { type: "text", text: " second" };
    yield end;
  }
  for await (const event of splitThinking(written(), false))
    if (event.type === "thinking") seen.push(event.thinking);
  expect(seen).toEqual(["first", " second"]);
});
