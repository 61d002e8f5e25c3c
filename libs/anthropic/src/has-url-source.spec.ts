import { expect, it } from "vitest";
import { hasUrlSource } from "./has-url-source.js";
import type { ContentBlock } from "./messages.js";

const image: ContentBlock = { type: "image", source: { type: "url", url: "https://example.com/a.png" } };
const packed: ContentBlock = { type: "image", source: { type: "base64", media_type: "image/png", data: "" } };
const document = (source: object) => ({ type: "document", source }) as ContentBlock;
const result = (content: string | ContentBlock[]): ContentBlock => ({
  type: "tool_result",
  tool_use_id: "a",
  content,
});

it.each<[string, string | ContentBlock[], boolean]>([
  ["text", "https://example.com", false],
  ["base64", [packed], false],
  ["an image", [packed, image], true],
  ["a document", [document({ type: "url", url: "https://example.com" })], true],
  ["a document of text", [document({ type: "text", data: "url" })], false],
  ["an image in a document", [document({ type: "content", content: [image] })], true],
  ["an image in a tool result", [result([image])], true],
  ["a document in a tool result", [result([document({ type: "url", url: "x" })])], true],
  ["a tool result of text", [result("url")], false],
  ["a block of the future", [{ type: "new", source: { type: "url" } } as unknown as ContentBlock], false],
])("%s", (_case, content, expected) => {
  expect(hasUrlSource({ messages: [{ role: "user", content }] })).toBe(expected);
});
