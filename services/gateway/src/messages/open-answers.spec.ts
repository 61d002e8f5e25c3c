import { expect, it } from "vitest";
import { OpenAnswers } from "./open-answers.js";

it("tells the only reader of a generation from one of several", () => {
  const answers = new OpenAnswers();
  const first = answers.open("a");
  const other = answers.open("b");
  expect([first.isOnly, other.isOnly]).toEqual([true, true]);
  const second = answers.open("a");
  expect([first.isOnly, second.isOnly]).toEqual([false, false]);
  second.close();
  second.close();
  expect(first.isOnly).toBe(true);
  first.close();
  expect(answers.open("a").isOnly).toBe(true);
});

it("counts no answer of a generation that is nobody else's", () => {
  const answers = new OpenAnswers();
  expect([answers.open(undefined).isOnly, answers.open(undefined).isOnly]).toEqual([true, true]);
});
