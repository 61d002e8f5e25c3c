import { describe, expect, it } from "vitest";
import { parseModelAliases } from "./parse-model-aliases.js";

const models = (text: string, name: string) =>
  parseModelAliases(text)
    .filter(({ pattern }) => pattern.test(name))
    .map(({ model }) => model);

describe("parseModelAliases", () => {
  it.each<[string, string, string, string[]]>([
    ["nothing", "", "a", []],
    ["commas alone", " , ,", "a", []],
    ["a plain name", "gpt-4=qwen3-coder", "gpt-4", ["qwen3-coder"]],
    ["a plain name, whole", "gpt-4=qwen3-coder", "gpt-4o", []],
    ["a plain name, from its start", "gpt-4=qwen3-coder", "my-gpt-4", []],
    ["a wildcard", "claude-haiku-*=tiny", "claude-haiku-4-5", ["tiny"]],
    ["a wildcard that matches nothing", "claude-haiku*=tiny", "claude-haiku", ["tiny"]],
    ["a wildcard in the middle", "a*z=tiny", "a-b-z", ["tiny"]],
    ["a wildcard alone", "*=tiny", "whatever:7b", ["tiny"]],
    ["a model with a tag and a path", "x=hf.co/org/model:Q4_K_M", "x", ["hf.co/org/model:Q4_K_M"]],
    ["a dot as itself", "gpt.4=tiny", "gpt-4", []],
    ["the words of patterns as themselves", "a+(b)|c=tiny", "a+(b)|c", ["tiny"]],
    ["spaces around", " a = b , c = d ", "c", ["d"]],
    ["the order", "claude-*=one,claude-opus=two", "claude-opus", ["one", "two"]],
  ])("reads %s", (_name, text, name, expected) => expect(models(text, name)).toEqual(expected));

  it.each(["gpt-4", "=tiny", "gpt-4=", "a=b=c", "a=b,c", "a==b"])("refuses %j", (text) =>
    expect(() => parseModelAliases(text)).toThrow("must be a list such as"),
  );
});
