import { expect, it } from "vitest";
import { parseOpenAiBaseUrl } from "./parse-openai-base-url.js";

it.each([
  ["", ""],
  ["http://localhost:8080", "http://localhost:8080"],
  ["http://localhost:8080/", "http://localhost:8080"],
  ["http://localhost:8080/v1", "http://localhost:8080"],
  ["http://localhost:8080/v1/", "http://localhost:8080"],
  [" https://gpu.example.com/llm/v1 ", "https://gpu.example.com/llm"],
  ["http://[::1]:8080/v1", "http://[::1]:8080"],
])("%j is %s", (text, url) => {
  expect(parseOpenAiBaseUrl(text)).toBe(url);
});

it.each([
  "localhost:8080",
  "ftp://gpu/v1",
  "http://",
  "http://gpu/v1?key=1",
  "http://me:secret@gpu/v1",
  "http://:secret@gpu/v1",
])("%s is refused", (text) => {
  expect(() => parseOpenAiBaseUrl(text)).toThrow("must be a URL such as http://localhost:8080/v1");
});
