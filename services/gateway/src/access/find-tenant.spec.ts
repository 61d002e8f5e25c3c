import { createHash } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { describe, expect, it } from "vitest";
import { ApiError } from "#anthropic/errors.js";
import { findTenant } from "./find-tenant.js";
import { parseApiKeys } from "./parse-api-keys.js";

const sha256 = (key: string) => createHash("sha256").update(key).digest("hex");
const keys = parseApiKeys(`alice:${sha256("key-of-alice")},bob:${sha256("key-of-bob")}`);

const refusal = (headers: IncomingHttpHeaders): ApiError => {
  try {
    findTenant(headers, keys);
  } catch (error) {
    return error as ApiError;
  }
  throw new Error("nothing was refused");
};

describe("findTenant", () => {
  it.each<[string, IncomingHttpHeaders, string]>([
    ["x-api-key", { "x-api-key": "key-of-alice" }, "alice"],
    ["the second key", { "x-api-key": "key-of-bob" }, "bob"],
    ["Bearer", { authorization: "Bearer key-of-bob" }, "bob"],
    ["bearer in small letters, spaces", { authorization: "bearer   key-of-bob  " }, "bob"],
    ["both, the first valid", { "x-api-key": "key-of-alice", authorization: "Bearer dummy" }, "alice"],
    ["both, the second valid", { "x-api-key": "dummy", authorization: "Bearer key-of-bob" }, "bob"],
    ["both valid: x-api-key's", { "x-api-key": "key-of-alice", authorization: "Bearer key-of-bob" }, "alice"],
    [
      "an empty x-api-key beside a Bearer token",
      { "x-api-key": "", authorization: "Bearer key-of-bob" },
      "bob",
    ],
  ])("knows the key in %s", (_name, headers, tenant) => expect(findTenant(headers, keys)).toBe(tenant));

  const missing = "an API key is required: set ANTHROPIC_AUTH_TOKEN, or send Authorization: Bearer";
  it.each<[string, IncomingHttpHeaders, string]>([
    ["no key", {}, missing],
    ["empty keys", { "x-api-key": "", authorization: "" }, missing],
    ["another scheme", { authorization: "Basic key-of-bob" }, missing],
    ["Bearer without a token", { authorization: "Bearer " }, missing],
    ["a wrong key", { "x-api-key": "key-of-carol" }, "invalid API key: the gateway does not know it"],
    [
      "a wrong Bearer token",
      { authorization: "Bearer key-of-carol" },
      "invalid API key: the gateway does not know it",
    ],
    [
      "two wrong ones",
      { "x-api-key": "a", authorization: "Bearer b" },
      "invalid API key: the gateway does not know it",
    ],
    ["the start of a key", { "x-api-key": "key-of-alic" }, "invalid API key: the gateway does not know it"],
    ["a key and more", { "x-api-key": "key-of-alice " }, "invalid API key: the gateway does not know it"],
    [
      "the hash instead of the key",
      { "x-api-key": sha256("key-of-alice") },
      "invalid API key: the gateway does not know it",
    ],
    ["the tenant's name", { "x-api-key": "alice" }, "invalid API key: the gateway does not know it"],
  ])("refuses %s", (_name, headers, message) => {
    const error = refusal(headers);
    expect(error).toMatchObject({ status: 401, type: "authentication_error", message });
    expect(error.toHeaders()).toEqual({ "x-should-retry": "false" });
  });

  it("lets nobody in where no key is known", () => {
    expect(() => findTenant({ "x-api-key": "anything" }, [])).toThrow(
      "invalid API key: the gateway does not know it",
    );
  });
});
