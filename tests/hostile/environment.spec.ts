import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ConfigError, loadConfig } from "#platform/load-config.js";
import { CacheConfig } from "../../services/cache/src/cache.config.js";
import { GatewayConfig } from "../../services/gateway/src/gateway.config.js";
import { InferenceAdapterConfig } from "../../services/inference-adapter/src/inference-adapter.config.js";
import { thoroughness } from "./expect-civil.js";

const value = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ unit: fc.constantFrom(...Array.from("=,:/*@-.[]{}0123456789abc \t\n\0%é")) }),
  fc.constantFrom(
    "",
    " ",
    "NaN",
    "Infinity",
    "-Infinity",
    "1e400",
    "-0",
    "0x10",
    "9223372036854775808",
    "1.5",
    "٣",
    "true ",
    "TRUE",

    "__proto__",
    "constructor",
    "a=__proto__",
    "=",
    ",",
    "a==b",
    "*".repeat(5000),
    `${"a*".repeat(2000)}=m`,

    "http://",
    "http://[",
    "redis://",
    "redis://:@:1",
    "rediss://[::1]:0/x",
    "redis-cluster://,,",
    "redis-sentinel://a/",

    "http://x y",
    "file:///etc/passwd",
    "javascript:1",
    "localhost:99999",
    "a".repeat(100_000),
    "/dev/null",
    "/proc/self/mem",
  ),
);

describe.each([
  ["gateway", GatewayConfig],
  ["cache", CacheConfig],
  ["adapter", InferenceAdapterConfig],
] as [string, new () => object][])("the environment of the %s", (_name, Config) => {
  const names = Object.keys(new Config());

  it("is taken, or all its faults are named, without its values", { timeout: 120_000 }, () => {
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...names), value, { minKeys: 1, maxKeys: 5 }), (env) => {
        try {
          expect(loadConfig(Config, { ...env })).toBeInstanceOf(Config);
        } catch (error) {
          expect(error).toBeInstanceOf(ConfigError);
          for (const fault of (error as ConfigError).faults)
            expect(names.some((name) => fault.startsWith(`${name} `) && name in env)).toBe(true);
        }
      }),
      { numRuns: 500 * thoroughness },
    );
  });

  it("takes little time, whatever a variable holds", () => {
    for (const name of names)
      for (const text of [
        "*".repeat(20_000),
        `${"a*".repeat(5000)}=m`,
        "=,".repeat(20_000),
        "[".repeat(50_000),
      ]) {
        const startedAt = performance.now();
        try {
          loadConfig(Config, { [name]: text });
        } catch {
          // Refused is as good.
        }
        expect(performance.now() - startedAt).toBeLessThan(3000);
      }
  });
});
