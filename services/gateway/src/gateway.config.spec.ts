import { describe, expect, it } from "vitest";
import { ConfigError, loadConfig } from "#platform/load-config.js";
import { GatewayConfig } from "./gateway.config.js";

const faults = (env: NodeJS.ProcessEnv): string[] => {
  try {
    loadConfig(GatewayConfig, env);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults.toSorted();
    throw error;
  }
  return [];
};

describe("GatewayConfig", () => {
  it("has defaults for everything", () => {
    expect(loadConfig(GatewayConfig, {})).toMatchObject({
      API_PORT: 8000,
      API_HOST: "127.0.0.1",
      CACHE_URL: "http://127.0.0.1:8100",
      INFERENCE_URL: "http://127.0.0.1:8200",
      MODEL_NAME: "qwen3-coder",
      MODEL_ALIASES: "",
      CACHE_TTL: 86_400,
      CACHE_MAX_TTL: 604_800,
      CACHE_SAMPLED: true,
      API_KEYS: "",
      ALLOW_UNAUTHENTICATED: false,
      LOG_LEVEL: "info",
      LOG_FILE: "",
    });
  });

  it("reads what is set, and empty as unset", () => {
    const env = { API_PORT: "9000", MODEL_NAME: "", CACHE_SAMPLED: "false", CACHE_TTL: "0", UNKNOWN: "x" };
    expect(loadConfig(GatewayConfig, env)).toMatchObject({
      API_PORT: 9000,
      MODEL_NAME: "qwen3-coder",
      CACHE_SAMPLED: false,
      CACHE_TTL: 0,
    });
  });

  it("tells every bad value at once, with its name and what it may be", () => {
    expect(
      faults({
        API_PORT: "70000",
        CACHE_URL: "localhost:8100",
        INFERENCE_URL: "ftp://x",
        MODEL_ALIASES: "nonsense",
        CACHE_TTL: "-1",
        CACHE_MAX_TTL: "0",
        CACHE_SAMPLED: "perhaps",
        API_KEYS: "sk-secret",
        INFERENCE_CONCURRENCY: "1.5",
        LOG_LEVEL: "loud",
      }),
    ).toEqual([
      "API_KEYS must be a list of name:sha256-of-the-key (64 hex digits each)",
      "API_PORT must be a whole number from 0 to 65535",
      "CACHE_MAX_TTL must be a whole number from 1 to 31536000",
      "CACHE_SAMPLED must be true or false",
      "CACHE_TTL must be a whole number from 0 to 31536000",
      "CACHE_URL must be an http:// or https:// URL",
      "INFERENCE_CONCURRENCY must be a whole number from 1 to 1024",
      "INFERENCE_URL must be an http:// or https:// URL",
      "LOG_LEVEL must be one of fatal, error, warn, info, debug, trace, silent",
      "MODEL_ALIASES must be a list such as claude-haiku-*=qwen2.5-coder:7b,gpt-*=qwen3-coder",
    ]);
  });

  it("takes no blanks for a 0", () =>
    expect(faults({ CACHE_TTL: " ", GPU_PRICE_PER_HOUR: " " })).toEqual([
      "CACHE_TTL must be a whole number from 0 to 31536000",
      "GPU_PRICE_PER_HOUR must be a number, at least 0",
    ]));

  it("wants a URL's password as URLs have it", () =>
    expect(
      faults({ CACHE_URL: "http://cache:a%zz@host:8100", INFERENCE_URL: "http://u:50%25@host/prefix/" }),
    ).toEqual(["CACHE_URL must have a % in its user or password written as %25"]));

  it.each([
    ["API_KEYS", "alice:sk-ant-secret"],
    ["INFERENCE_URL", "user:sk-ant-secret@host"],
    ["INFERENCE_URL", "http://user:%sk-ant-secret@host"],
    ["API_PORT", "sk-ant-secret"],
  ])("never repeats the value of a bad %s", (name, value) =>
    expect(faults({ [name]: value }).join()).toMatch(new RegExp(`^${name} (?!.*sk-ant)`)),
  );
});
