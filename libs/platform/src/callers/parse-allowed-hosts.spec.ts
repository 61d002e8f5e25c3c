import { describe, expect, it } from "vitest";
import { parseAllowedHosts } from "./parse-allowed-hosts.js";

describe("parseAllowedHosts", () => {
  it.each<[string, string, boolean]>([
    ["", "example.com", false],
    ["gpu.example.com", "gpu.example.com", true],
    ["GPU.example.com, other", "other", true],
    ["gpu.example.com", "a.gpu.example.com", false],
    ["*.example.com", "a.b.example.com", true],
    ["*.example.com", "example.com", false],
    ["*.example.com", "evilexample.com", false],
    ["*", "anything", true],
  ])("%j and %s: %s", (text, host, isAllowed) => expect(parseAllowedHosts(text)(host)).toBe(isAllowed));

  it.each(["http://example.com", "example.com:8000", "a b", "*example.com", "a.*.com"])(
    "refuses %s",
    (text) => expect(() => parseAllowedHosts(text)).toThrow("must be a list of host names"),
  );
});
