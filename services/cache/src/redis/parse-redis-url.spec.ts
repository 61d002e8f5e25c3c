import { describe, expect, it } from "vitest";
import { parseRedisUrl } from "./parse-redis-url.js";

const cache = { host: "cache", port: 6379 };
const plain = {
  topology: "single",
  addresses: [cache],
  masterName: "",
  isTls: false,
  database: 0,
  username: "",
  password: "",
};
const cluster = { ...plain, topology: "cluster", addresses: [cache, { host: "10.0.0.2", port: 7000 }] };
const sentinel = {
  ...plain,
  topology: "sentinel",
  addresses: [
    { host: "s1", port: 26379 },
    { host: "s2", port: 5000 },
  ],
  masterName: "mymaster",
};

describe("parseRedisUrl", () => {
  it.each([
    ["nothing", "", undefined],
    ["a host", "redis://cache", plain],
    ["a trailing slash", "redis://cache/", plain],
    ["a query", "redis://cache?client=x", plain],
    ["a port", "redis://cache:7000", { ...plain, addresses: [{ host: "cache", port: 7000 }] }],
    ["TLS", "rediss://cache", { ...plain, isTls: true }],
    ["a database", "redis://cache/3", { ...plain, database: 3 }],
    ["a password", "redis://:secret@cache", { ...plain, password: "secret" }],
    ["a user", "redis://me:p%40ss%2F@cache", { ...plain, username: "me", password: "p@ss/" }],
    [
      "a colon and an @ in the password",
      "redis://me:a:b@c@cache",
      { ...plain, username: "me", password: "a:b@c" },
    ],
    ["IPv6", "redis://[::1]:6380", { ...plain, addresses: [{ host: "::1", port: 6380 }] }],
    ["a cluster", "redis-cluster://cache,10.0.0.2:7000", cluster],
    ["a cluster's only database", "redis-cluster://cache,10.0.0.2:7000/0", cluster],
    ["a cluster with TLS", "rediss-cluster://cache,10.0.0.2:7000", { ...cluster, isTls: true }],
    ["sentinels", "redis-sentinel://s1,s2:5000/mymaster", sentinel],
    ["a plus", "redis+sentinel://s1,s2:5000/mymaster/", sentinel],
    [
      "sentinels with all",
      "rediss-sentinel://:pw@s1,s2:5000/mymaster/2",
      { ...sentinel, isTls: true, password: "pw", database: 2 },
    ],
  ])("reads %s", (_name, text, expected) => {
    expect(parseRedisUrl(text)).toEqual(expected);
  });

  it.each(
    `cache:6379 http://cache redis:// redis://cache/a redis://:%zz@cache redis://c:0 redis://a,b redis-other://a
    redis-cluster://a/1 redis-cluster://a,,b redis-cluster://a:x redis-cluster://
    redis-sentinel://a redis-sentinel://a/ redis-sentinel://a/m/x`.split(/\s+/),
  )("refuses %s", (text) => {
    expect(() => parseRedisUrl(text)).toThrow("must be like redis://");
  });
});
