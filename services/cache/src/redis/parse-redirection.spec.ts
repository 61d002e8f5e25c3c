import { ErrorReply } from "redis";
import { describe, expect, it } from "vitest";
import { parseRedirection } from "./parse-redirection.js";

describe("parseRedirection", () => {
  it.each([
    ["moved", "MOVED 3999 10.0.0.2:6381", { kind: "moved", address: { host: "10.0.0.2", port: 6381 } }],
    ["ask", "ASK 3999 10.0.0.2:6381", { kind: "ask", address: { host: "10.0.0.2", port: 6381 } }],
    [
      "a name",
      "MOVED 1 two.redis.example:6379",
      { kind: "moved", address: { host: "two.redis.example", port: 6379 } },
    ],
    ["IPv6", "MOVED 1 fe80::1:6381", { kind: "moved", address: { host: "fe80::1", port: 6381 } }],
    ["no host", "MOVED 1 :6381", { kind: "moved", address: { host: "10.0.0.1", port: 6381 } }],
    ["an unknown host", "MOVED 1 ?:6381", { kind: "moved", address: { host: "10.0.0.1", port: 6381 } }],
    ["another error", "OOM command not allowed", undefined],
  ])("%s", (_name, text, redirection) => {
    expect(parseRedirection(new ErrorReply(text), "10.0.0.1:6379")).toEqual(redirection);
  });

  it("is for answers of Redis only", () => {
    expect(parseRedirection(new Error("MOVED 1 h:2"), "h:1")).toBeUndefined();
  });
});
