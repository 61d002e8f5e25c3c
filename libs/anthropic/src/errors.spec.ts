import { describe, expect, it } from "vitest";
import {
  ApiError,
  isErrorType,
  mapStatusToErrorType,
  parseErrorBody,
  toApiError,
  type ErrorType,
} from "./errors.js";

const final = { "x-should-retry": "false" };

describe("ApiError", () => {
  it.each<[ErrorType, number, Record<string, string>]>([
    ["invalid_request_error", 400, final],
    ["authentication_error", 401, final],
    ["permission_error", 403, final],
    ["not_found_error", 404, final],
    ["request_too_large", 413, final],
    ["rate_limit_error", 429, { "retry-after": "5" }],
    ["api_error", 500, {}],
    ["timeout_error", 504, {}],
    ["overloaded_error", 529, { "retry-after": "5" }],
  ])("%s has status %i and tells whether to retry", (type, status, headers) => {
    const error = new ApiError(type, "why");
    expect(error.status).toBe(status);
    expect(error.toHeaders()).toEqual(headers);
    expect(mapStatusToErrorType(status)).toBe(type);
    expect(error.toBody()).toEqual({ type: "error", error: { type, message: "why" } });
    expect(error.toBody("req_1")).toEqual({
      type: "error",
      error: { type, message: "why" },
      request_id: "req_1",
    });
  });

  it.each<[string, ErrorType, object, Record<string, string>]>([
    [
      "part of a second is rounded up",
      "overloaded_error",
      { retryAfterSeconds: 2.1 },
      { "retry-after": "3" },
    ],
    ["60 is sent", "rate_limit_error", { retryAfterSeconds: 60 }, { "retry-after": "60" }],
    [
      "more than 60 makes clients give up",
      "rate_limit_error",
      { retryAfterSeconds: 90 },
      { "retry-after": "60" },
    ],
    [
      "zero would make them retry at once",
      "rate_limit_error",
      { retryAfterSeconds: 0 },
      { "retry-after": "1" },
    ],
    ["any error may carry one", "api_error", { retryAfterSeconds: 7 }, { "retry-after": "7" }],
    ["a final one never does", "overloaded_error", { shouldRetry: false, retryAfterSeconds: 7 }, final],
    ["a 500 can be final", "api_error", { shouldRetry: false }, final],
    ["a 404 can be worth a retry", "not_found_error", { shouldRetry: true }, {}],
  ])("retry-after: %s", (_case, type, options, headers) => {
    expect(new ApiError(type, "why", options).toHeaders()).toEqual(headers);
  });
});

describe("mapStatusToErrorType", () => {
  it.each<[number, ErrorType]>([
    [200, "api_error"],
    [302, "api_error"],
    [402, "invalid_request_error"],
    [408, "timeout_error"],
    [422, "invalid_request_error"],
    [502, "api_error"],
    [503, "overloaded_error"],
    [0, "api_error"],
    [Number.NaN, "api_error"],
  ])("%i → %s", (status, type) => {
    expect(mapStatusToErrorType(status)).toBe(type);
  });
});

describe("isErrorType", () => {
  it.each([
    ["a known type", "api_error", true],
    ["an unknown type", "billing_error", false],
    ["a key of every object", "toString", false],
    ["__proto__", "__proto__", false],
    ["no text", ["api_error"], false],
    ["nothing", undefined, false],
  ])("%s", (_case, value, expected) => {
    expect(isErrorType(value)).toBe(expected);
  });
});

describe("parseErrorBody", () => {
  const said = "upstream answered with status 503";
  it.each<[string, unknown, ErrorType, string]>([
    [
      "Anthropic's shape",
      { type: "error", error: { type: "rate_limit_error", message: "slow" } },
      "rate_limit_error",
      "slow",
    ],
    ["an unknown type", { error: { type: "billing_error", message: "pay" } }, "overloaded_error", "pay"],
    ["a type that every object has", { error: { type: "toString", message: "x" } }, "overloaded_error", "x"],
    ["no message", { error: { type: "api_error" } }, "api_error", said],
    ["a message that is no text", { error: { type: "api_error", message: { a: 1 } } }, "api_error", said],
    ["Ollama's text", { error: "model not found" }, "overloaded_error", "model not found"],
    ["a message of its own", { message: "no", code: 7 }, "overloaded_error", "no"],
    ["FastAPI's detail", { detail: "not yet" }, "overloaded_error", "not yet"],
    ["a detail that is a list", { detail: [{ msg: "x" }] }, "overloaded_error", said],
    ["an error that is null", { error: null }, "overloaded_error", said],
    ["an empty object", {}, "overloaded_error", said],
    ["a list", [], "overloaded_error", said],
    ["a text", "<html>", "overloaded_error", said],
    ["a number", 5, "overloaded_error", said],
    ["null", null, "overloaded_error", said],
    ["nothing", undefined, "overloaded_error", said],
  ])("reads %s", (_case, body, type, message) => {
    const error = parseErrorBody(503, body);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ type, message });
  });
});

describe("the advice in an event between our services", () => {
  it.each([
    new ApiError("api_error", "no", { shouldRetry: false }),
    new ApiError("overloaded_error", "busy", { retryAfterSeconds: 17 }),
    new ApiError("api_error", "broken"),
  ])("comes out as it went in: %s", (error) => {
    const read = parseErrorBody(500, { ...error.toBody(), ...error.toAdvice() });
    expect(read.toHeaders()).toEqual(error.toHeaders());
  });
});

describe("toApiError", () => {
  it("keeps an ApiError and hides the text of everything else", () => {
    const known = new ApiError("not_found_error", "no such model");
    expect(toApiError(known)).toBe(known);
    for (const thrown of [new Error("secret"), "secret", null, undefined, { type: "api_error" }]) {
      const error = toApiError(thrown);
      expect(error).toMatchObject({ type: "api_error", status: 500, message: "Internal server error" });
      expect(error.cause).toBe(thrown);
    }
  });
});
