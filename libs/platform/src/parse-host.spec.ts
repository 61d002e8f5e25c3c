import { describe, expect, it } from "vitest";
import { parseHost } from "./parse-host.js";

describe("a host", () => {
  it.each([
    "",
    "127.0.0.1",
    "0.0.0.0",
    "::",
    "::1",
    "fe80::1%eth0",
    "LOCALHOST",
    "gpu_1.example.com.",
    "redis-12345.c1.example.com",
  ])("is taken: %j", (text) => expect(parseHost(text)).toBe(text));

  it.each([
    " ",
    " 127.0.0.1",
    "127.0.0.1\n",
    "127.0.0.1:6379",
    "localhost:0",
    "[::1]",
    "http://127.0.0.1",
    "redis://me:secret@redis:6379/0",
    "a,b",
    '"redis"',
    "$(hostname)",
  ])("is refused without its text: %j", (text) =>
    expect(() => parseHost(text)).toThrow(
      /^must be a host name or an address without a port, such as 127.0.0.1$/,
    ),
  );
});
