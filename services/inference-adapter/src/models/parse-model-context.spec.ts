import { describe, expect, it } from "vitest";
import { parseModelContext } from "./parse-model-context.js";

const windowOf = (rules: string, model: string) =>
  parseModelContext(rules).find(({ pattern }) => pattern.test(model))?.tokens;

describe("MODEL_CONTEXT", () => {
  it.each<[string, string, string, number | undefined]>([
    ["the exact name", "llama3:8b=8192", "llama3:8b", 8192],
    ["another tag", "llama3:8b=8192", "llama3:70b", undefined],
    ["a name without its tag", "llama3=8192", "llama3:latest", 8192],
    ["a name without its tag means all of them", "llama3=8192", "llama3:70b", 8192],
    ["but no longer name", "llama3=8192", "llama3.2:latest", undefined],
    ["a wildcard", "qwen2.5*=32768", "qwen2.5-coder:7b", 32_768],
    ["a wildcard in front", "*:30b=32768", "qwen3-coder:30b", 32_768],
    ["a dot is a dot", "qwen2.5=4096", "qwen2x5:latest", undefined],
    ["the first rule that fits", "qwen3*=1024,*=2048", "qwen3:8b", 1024],
    ["the rest", "qwen3*=1024,*=2048", "llama3:8b", 2048],
    ["spaces and empty rules", " a = 1024 ,, b=2048 ,", "b:latest", 2048],
    ["a name with =", "a=b=1024", "a=b:latest", 1024],
    ["a registry with a port", "host:5000/me/model=1024", "host:5000/me/model:latest", 1024],
    ["the least", "a=512", "a:latest", 512],
  ])("%s: %s on %s", (_name, rules, model, tokens) => {
    expect(windowOf(rules, model)).toBe(tokens);
  });

  it("nothing is no rule", () => {
    expect(parseModelContext("")).toEqual([]);
  });

  it.each(["a", "=1024", "a=", "a=x", "a=511", "a=1024.5", "a=-1", "a=1024,b"])("%j is refused", (rules) => {
    expect(() => parseModelContext(rules)).toThrow(/must be a list such as/);
  });
});
