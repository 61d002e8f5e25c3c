import { describe, expect, it } from "vitest";
import { parseApiKeys } from "./parse-api-keys.js";

const hash = "0123456789abcdef".repeat(4);

describe("parseApiKeys", () => {
  it.each<[string, string, string[]]>([
    ["nothing", "", []],
    ["commas alone", " , ", []],
    ["one key", `alice:${hash}`, ["alice"]],
    ["several, with spaces", ` alice:${hash} , team-b.2:${hash},`, ["alice", "team-b.2"]],
    ["capitals in the hash", `alice:${hash.toUpperCase()}`, ["alice"]],
  ])("reads %s", (_name, text, tenants) => {
    const keys = parseApiKeys(text);
    expect(keys.map(({ name }) => name)).toEqual(tenants);
    for (const { sha256 } of keys) expect(sha256.toString("hex")).toBe(hash);
  });

  it.each<[string, string]>([
    ["a key in the clear", "alice:sk-ant-secret"],
    ["a key without a name", "sk-ant-secret"],
    ["a hash without a name", `:${hash}`],
    ["a hash without a name and colon", hash],
    ["a short hash", `alice:${hash.slice(1)}`],
    ["a long hash", `alice:${hash}0`],
    ["a hash that is not hex", `alice:${"g".repeat(64)}`],
    ["a name with a space", `alice b:${hash}`],
    ["one bad among good ones", `alice:${hash},sk-ant-secret`],
  ])("refuses %s without naming it", (_name, text) => {
    expect(() => parseApiKeys(text)).toThrow(
      /^must be a list of name:sha256-of-the-key \(64 hex digits each\)$/,
    );
  });
});
