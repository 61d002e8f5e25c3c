import { describe, expect, it } from "vitest";
import { ConfigError, loadConfig } from "#platform/load-config.js";
import { CacheConfig } from "./cache.config.js";

describe("CacheConfig", () => {
  it("has the documented defaults", () => {
    expect(loadConfig(CacheConfig, {})).toMatchObject({
      CACHE_PORT: 8100,
      CACHE_HOST: "127.0.0.1",
      REDIS_HOST: "",
      REDIS_PORT: 6379,
      REDIS_USERNAME: "",
      REDIS_PASSWORD: "",
      REDIS_TLS: false,
      REDIS_TLS_CA: "",
      REDIS_URL: "",
      CACHE_MAX_MEMORY_MB: 128,
      CACHE_MAX_ENTRY_KB: 1024,
      CACHE_MAX_TTL: 604_800,
      CACHE_ENCRYPTION_KEY: "",
    });
  });

  it.each([
    ["CACHE_PORT", "70000", "must be a whole number from 0 to 65535"],
    ["CACHE_PORT", "http", "must be a whole number from 0 to 65535"],
    ["REDIS_PORT", "0", "must be a whole number from 1 to 65535"],
    ["REDIS_TLS", "perhaps", "must be true or false"],
    ["REDIS_TLS_CA", "/no/such/file.pem", "must be the path of a readable PEM file with a certificate"],
    ["REDIS_URL", "http://u:hunter2@redis", "must be like redis://user:password@host:6379/0"],
    ["CACHE_MAX_MEMORY_MB", "0", "must be a whole number from 1"],
    ["CACHE_MAX_ENTRY_KB", "1.5", "must be a whole number from 1"],
    ["CACHE_MAX_TTL", "-1", "must be a whole number from 1"],
    ["CACHE_ENCRYPTION_KEY", "hunter2", "must be 32-byte keys in base64 or hex, separated by commas"],
  ])("refuses %s=%s", (name, value, message) => {
    const load = () => loadConfig(CacheConfig, { [name]: value });
    expect(load).toThrow(ConfigError);
    expect(load).toThrow(`${name} ${message}`);
    expect(load).not.toThrow("hunter2");
  });

  it("tells all faults at once", () => {
    const env = { CACHE_PORT: "x", REDIS_PORT: "x", CACHE_MAX_TTL: "x" };
    const allThree = /^CACHE_PORT .*\nREDIS_PORT .*\nCACHE_MAX_TTL .*$/;
    expect(() => loadConfig(CacheConfig, env)).toThrow(allThree);
  });
});
