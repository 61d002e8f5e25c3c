import { describe, expect, it } from "vitest";
import { parseRedisUrl } from "./parse-redis-url.js";

const plain = { host: "cache", port: 6379, isTls: false, database: 0, username: "", password: "" };

describe("parseRedisUrl", () => {
  it.each([
    ["nothing", "", undefined],
    ["a host", "redis://cache", plain],
    ["a trailing slash", "redis://cache/", plain],
    ["a port", "redis://cache:7000", { ...plain, port: 7000 }],
    ["TLS", "rediss://cache", { ...plain, isTls: true }],
    ["a database", "redis://cache/3", { ...plain, database: 3 }],
    ["a password", "redis://:secret@cache", { ...plain, password: "secret" }],
    ["a user", "redis://me:p%40ss%2F@cache", { ...plain, username: "me", password: "p@ss/" }],
    ["IPv6", "redis://[::1]:6380", { ...plain, host: "::1", port: 6380 }],
  ])("reads %s", (_name, text, expected) => {
    expect(parseRedisUrl(text)).toEqual(expected);
  });

  it.each(["cache:6379", "http://cache", "redis://", "redis://cache/a", "redis://:%zz@cache", "redis://c:0"])(
    "refuses %s",
    (text) => {
      expect(() => parseRedisUrl(text)).toThrow("must be like redis://");
    },
  );
});
