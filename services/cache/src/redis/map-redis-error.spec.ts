import { BrokenCircuitError, TaskCancelledError } from "cockatiel";
import { ClientOfflineError, DisconnectsClientError, ErrorReply } from "redis";
import { describe, expect, it } from "vitest";
import { describeRedisError } from "./describe-redis-error.js";
import { mapRedisError } from "./map-redis-error.js";

describe("mapRedisError", () => {
  it.each([
    ["timeout", new TaskCancelledError()],
    ["circuit_open", new BrokenCircuitError()],
    ["offline", new ClientOfflineError()],
    ["offline", new DisconnectsClientError()],
    ["refused", new ErrorReply("WRONGPASS")],
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
    ["a repeated password", new Error("unknown command 'AUTH' 'hunter2'"), "unknown command 'AUTH' '***'"],
  ])("%s", (_name, error, text) => {
    expect(describeRedisError(error, "hunter2")).toBe(text);
  });
});
