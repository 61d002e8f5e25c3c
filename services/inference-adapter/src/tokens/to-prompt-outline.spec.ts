import { expect, test } from "vitest";
import { parseGlue, type PromptOutline, toPromptOutline, toRenderedPrompt } from "./to-prompt-outline.js";

const outlineOf = (...contents: string[]) =>
  toPromptOutline({
    messages: contents.map((content) => ({ role: "user", content })),
    tools: [],
    think: false,
  });
const render = ({ prompt }: PromptOutline) => prompt.messages.map(({ content }) => `[${content}]`).join("");
const roundTrip = (outline: PromptOutline) => toRenderedPrompt(parseGlue(render(outline)), outline.contents);

test("a rendered outline with its contents put back is the rendered prompt", () => {
  const outline = outlineOf("a", " b\n", "", "<think>c</think>", "d");
  expect(outline.contents).toEqual(["a", "b", "d"]);
  expect(roundTrip(outline)).toBe("[a][ b\n][][<think>c</think>][d]");
});

test.each(["zq7xk4vjn0e", `z${"0123456789ab".repeat(2)}n0e`])(
  "no content is taken for a place of another: %s",
  (forged) => {
    expect(roundTrip(outlineOf("long", `<think>${forged}`))).toBe(`[long][<think>${forged}]`);
  },
);
