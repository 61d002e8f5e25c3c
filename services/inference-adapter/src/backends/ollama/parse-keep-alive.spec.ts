import { expect, it } from "vitest";
import { parseKeepAlive } from "./parse-keep-alive.js";

it.each([
  ["-1", -1],
  ["0", 0],
  ["300", 300],
  ["10m", "10m"],
  ["1h30m", "1h30m"],
  ["1.5h", "1.5h"],
  ["-1m", "-1m"],
  ["500ms", "500ms"],
])("%s", (text, keepAlive) => {
  expect(parseKeepAlive(text)).toBe(keepAlive);
});

it.each(["", "soon", "1.5", "10 m", "m", "1d", "h1"])("%j is refused", (text) => {
  expect(() => parseKeepAlive(text)).toThrow(/must be seconds, a duration such as 10m/);
});
