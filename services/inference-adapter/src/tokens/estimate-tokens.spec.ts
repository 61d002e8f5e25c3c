import { expect, it } from "vitest";
import type { ContentBlock } from "#anthropic/messages.js";
import { estimateTokens } from "./estimate-tokens.js";

const estimate = (...content: ContentBlock[]) =>
  estimateTokens({ model: "m", messages: [{ role: "user", content }] });
const letters = "x".repeat(36_000);

it.each<[string, ContentBlock, number]>([
  ["text by its length", { type: "text", text: letters }, 10_000],
  [
    "an image as a fixed number",
    { type: "image", source: { type: "base64", media_type: "image/png", data: letters } },
    1500,
  ],
  [
    "a text document by its length, though its text is called data too",
    { type: "document", source: { type: "text", media_type: "text/plain", data: letters } },
    10_000,
  ],
  [
    "a tool's input by its length",
    { type: "tool_use", id: "a", name: "f", input: { data: letters } },
    10_000,
  ],
  [
    "an image in a tool result",
    {
      type: "tool_result",
      tool_use_id: "a",
      content: [{ type: "image", source: { type: "base64", media_type: "image/png", data: letters } }],
    },
    1500,
  ],
])("counts %s", (_name, block, tokens) => {
  expect(Math.abs(estimate(block) - tokens)).toBeLessThan(60);
});
