import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { CacheConfig } from "../../services/cache/src/cache.config.js";
import { GatewayConfig } from "../../services/gateway/src/gateway.config.js";
import { InferenceAdapterConfig } from "../../services/inference-adapter/src/inference-adapter.config.js";
import { checkConfiguration } from "./check-configuration.js";

const lines = readFileSync(new URL("../../.env.example", import.meta.url), "utf8").split("\n");
const variables = lines.flatMap((line, index) => {
  const [, name, value] = /^# ([A-Z][A-Z0-9_]*)=(.*)$/.exec(line) ?? [];
  return name === undefined ? [] : [{ name, value, explanation: lines[index - 1] }];
});
const listed = Object.fromEntries(variables.map(({ name, value }) => [name, value]));

describe(".env.example", () => {
  it("lists the variables of all services, each once, with their defaults", () => {
    const configs = [new GatewayConfig(), new CacheConfig(), new InferenceAdapterConfig()];
    const defaults = configs.flatMap((config) => Object.entries(config));
    expect(variables.map(({ name }) => name).sort()).toEqual(
      [...new Set(defaults.map(([name]) => name))].sort(),
    );
    for (const [name, value] of defaults) expect({ [name]: listed[name] }).toEqual({ [name]: String(value) });
  });

  it("sets nothing by itself", () => {
    expect(lines.filter((line) => line !== "" && !line.startsWith("#"))).toEqual([]);
  });

  it("explains each in the line above", () => {
    for (const { name, explanation } of variables)
      expect(explanation, `what explains ${name}`).toMatch(/^# .{10,}\.$/);
  });

  it("is a valid configuration when all of it is taken over", () => {
    expect(() => checkConfiguration(listed)).not.toThrow();
  });
});
