import { expect, it } from "vitest";
import { withoutQuotes } from "./without-quotes.js";

it.each([
  ["Ollama: model runner has unexpectedly stopped", "Ollama: model runner has unexpectedly stopped"],
  [
    `Ollama: error parsing tool call: raw='{"command":"x"}', err=unexpected end`,
    "Ollama: error parsing tool call: raw=…",
  ],
  ["failed to parse JSON {code", "failed to parse JSON …"],
  ["cannot read\nsecret", "cannot read…"],
  ["unexpected <tool_call>", "unexpected …"],
  ["said \u201csecret\u201d", "said …"],
  ["a".repeat(400), `${"a".repeat(300)}…`],
  ["the upstream's stream is out of order", "the upstream's stream is out of order"],
  ["", ""],
])("%j is logged as %j", (reason, logged) => {
  expect(withoutQuotes(reason)).toBe(logged);
});
