import { ClientOfflineError, DisconnectsClientError, ErrorReply } from "redis";
import { describe, expect, it } from "vitest";
import { CircuitOpenError } from "#platform/circuit-breaker.js";
import { describeRedisError } from "./describe-redis-error.js";
import { mapRedisError } from "./map-redis-error.js";
import { NoAnswerError } from "./redis-session.js";

describe("mapRedisError", () => {
  it.each([
    ["timeout", new NoAnswerError(175)],
    ["circuit_open", new CircuitOpenError()],
    ["offline", new ClientOfflineError()],
    ["offline", new DisconnectsClientError()],
    ["out_of_memory", new ErrorReply("OOM command not allowed when used memory > 'maxmemory'.")],
    ["read_only", new ErrorReply("READONLY You can't write against a read only replica.")],
    ["not_permitted", new ErrorReply("WRONGPASS invalid username-password pair or user is disabled.")],
    ["not_permitted", new ErrorReply("NOPERM this user has no permissions to run the 'set' command")],
    ["loading", new ErrorReply("LOADING Redis is loading the dataset in memory")],
    ["refused", new ErrorReply("CLUSTERDOWN The cluster is down")],
    ["malformed", new SyntaxError()],
    ["connection", Object.assign(new Error("connect"), { code: "ECONNREFUSED" })],
    ["connection", "anything else"],
  ])("%s", (fault, error) => {
    expect(mapRedisError(error)).toBe(fault);
  });
});

describe("describeRedisError", () => {
  it.each([
    ["a text", new Error("WRONGPASS invalid"), "WRONGPASS invalid"],
    ["a code alone", Object.assign(new AggregateError([]), { code: "ECONNREFUSED" }), "ECONNREFUSED"],
    ["a cluster behind redis://", new ErrorReply("MOVED 1 h:2"), expect.stringContaining("redis-cluster://")],
    [
      "a single Redis behind redis-cluster://",
      new ErrorReply("ERR This instance has cluster support disabled"),
      expect.stringContaining("redis://"),
    ],
    ["a repeated password", new Error("unknown command 'AUTH' 'hunter2'"), "unknown command 'AUTH' '***'"],
  ])("%s", (_name, error, text) => {
    expect(describeRedisError(error, "hunter2")).toEqual(text);
  });
});
