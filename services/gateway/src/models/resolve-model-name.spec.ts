import { describe, expect, it } from "vitest";
import { parseModelAliases } from "./parse-model-aliases.js";
import { resolveModelName } from "./resolve-model-name.js";

const installed = ["qwen3-coder:30b", "tiny:latest", "two:1b", "two:2b", "claude-local:latest"];
const names = {
  aliases: parseModelAliases("claude-haiku-*=tiny,gpt-*=qwen3-coder:30b,lost=nowhere,tiny-alias=two"),
  installed,
  defaultModel: "qwen3-coder",
};

describe("resolveModelName", () => {
  it.each<[string, string, string | undefined]>([
    ["an installed name", "tiny:latest", "tiny:latest"],
    ["a name without its tag", "tiny", "tiny:latest"],
    ["the only tag of a name", "qwen3-coder", "qwen3-coder:30b"],
    ["one of two tags", "two:2b", "two:2b"],
    ["two tags to choose from", "two", undefined],
    ["another tag", "qwen3-coder:480b", undefined],
    ["an alias", "gpt-4o", "qwen3-coder:30b"],
    ["an alias before the claude rule", "claude-haiku-4-5-20251001", "tiny:latest"],
    ["an alias to a model that is not there", "lost", undefined],
    ["an alias to one of two", "tiny-alias", undefined],
    ["any claude", "claude-sonnet-4-5", "qwen3-coder:30b"],
    ["anthropic's names with a path", "anthropic/claude-opus", "qwen3-coder:30b"],
    ["an installed name before the claude rule", "claude-local", "claude-local:latest"],
    ["claude without more", "claude", undefined],
    ["a name that only holds claude", "my-claude-3", undefined],
    ["an unknown name", "nope:7b", undefined],
    ["an empty name", "", undefined],
    ["the object's own words", "__proto__", undefined],
  ])("%s", (_name, requested, expected) => expect(resolveModelName(requested, names)).toBe(expected));

  it("finds nothing where nothing is installed", () =>
    expect(resolveModelName("claude-sonnet-4-5", { ...names, installed: [] })).toBeUndefined());
});
