import { describe, expect, it } from "vitest";
import { ConfigError, loadConfig } from "#platform/load-config.js";
import { InferenceAdapterConfig } from "./inference-adapter.config.js";

const load = (env: NodeJS.ProcessEnv) => loadConfig(InferenceAdapterConfig, env);

it("has the defaults that the documentation tells", () => {
  expect(load({})).toMatchObject({
    INFERENCE_PORT: 8200,
    INFERENCE_HOST: "127.0.0.1",
    INFERENCE_BACKEND: "ollama",
    INFERENCE_MODE: "auto",
    INFERENCE_CONCURRENCY: 1,
    INFERENCE_QUEUE_LIMIT: 64,
    OLLAMA_HOST: "localhost:11434",
    MODEL_NAME: "qwen3-coder",
    CONTEXT_LENGTH: 65_536,
    MODEL_CONTEXT: "",
    MODEL_KEEP_ALIVE: "-1",
    MODEL_PULL: false,
    MODEL_WARMUP: false,
    CONNECT_TIMEOUT_MS: 5000,
    FIRST_EVENT_TIMEOUT_MS: 600_000,
    IDLE_TIMEOUT_MS: 300_000,
    DETACH_GRACE_MS: 180_000,
  });
});

describe("a variable", () => {
  it.each<[string, string, unknown]>([
    ["INFERENCE_PORT", "0", 0],
    ["INFERENCE_CONCURRENCY", "4", 4],
    ["INFERENCE_QUEUE_LIMIT", "0", 0],
    ["OLLAMA_HOST", "http://gpu:11434", "http://gpu:11434"],
    ["OLLAMA_HOST", "::1", "::1"],
    ["OLLAMA_HOST", "", "localhost:11434"],
    ["INFERENCE_BACKEND", "openai-compatible", "openai-compatible"],
    ["OPENAI_BASE_URL", "http://localhost:8080/v1", "http://localhost:8080/v1"],
    ["CONTEXT_LENGTH", "512", 512],
    ["MODEL_CONTEXT", "qwen2.5*=32768,llama3=8192", "qwen2.5*=32768,llama3=8192"],
    ["MODEL_KEEP_ALIVE", "10m", "10m"],
    ["MODEL_PULL", "true", true],
    ["MODEL_WARMUP", "1", true],
    ["DETACH_GRACE_MS", "0", 0],
  ])("%s=%s", (name, value, parsed) => {
    expect(load({ [name]: value })).toMatchObject({ [name]: parsed });
  });

  it.each([
    ["INFERENCE_PORT", "65536", "must be a whole number from 0 to 65535"],
    ["INFERENCE_PORT", "http", "must be a whole number from 0 to 65535"],
    ["INFERENCE_BACKEND", "vllm", "must be one of ollama, openai-compatible"],
    ["INFERENCE_CONCURRENCY", "0", "must be a whole number from 1 to 1024"],
    ["INFERENCE_QUEUE_LIMIT", "-1", "must be a whole number from 0 to 100000"],
    ["OLLAMA_HOST", "ftp://gpu", "must be a host, host:port or URL such as localhost:11434"],
    ["OPENAI_BASE_URL", "localhost:8080", "must be a URL such as http://localhost:8080/v1"],
    ["CONTEXT_LENGTH", "511", "must be a whole number from 512 to 10000000"],
    ["MODEL_CONTEXT", "a=1", "must be a list such as qwen2.5*=32768,llama3=8192 (at least 512 tokens each)"],
    ["MODEL_KEEP_ALIVE", "soon", "must be seconds, a duration such as 10m or 1h30m, or -1 for always"],
    ["MODEL_PULL", "maybe", "must be true or false"],
    ["CONNECT_TIMEOUT_MS", "99", "must be a whole number from 100 to 600000"],
    ["FIRST_EVENT_TIMEOUT_MS", "1.5", "must be a whole number from 100 to 86400000"],
    ["IDLE_TIMEOUT_MS", "0", "must be a whole number from 100 to 86400000"],
    ["DETACH_GRACE_MS", "3600001", "must be a whole number from 0 to 3600000"],
  ])("%s=%s is refused", (name, value, fault) => {
    expect(() => load({ [name]: value })).toThrow(expect.objectContaining({ faults: [`${name} ${fault}`] }));
  });

  it("all bad ones are told at once", () => {
    const env = { CONTEXT_LENGTH: "x", OLLAMA_HOST: "a b", MODEL_PULL: "?" };
    const names = (error: unknown) =>
      error instanceof ConfigError ? error.faults.map((fault) => fault.split(" ")[0]) : [];
    expect(() => load(env)).toThrow(
      expect.toSatisfy((error) => Object.keys(env).every((name) => names(error).includes(name))),
    );
  });
});
