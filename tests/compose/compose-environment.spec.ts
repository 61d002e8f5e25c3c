import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { CacheConfig } from "../../services/cache/src/cache.config.js";
import { GatewayConfig } from "../../services/gateway/src/gateway.config.js";
import { InferenceAdapterConfig } from "../../services/inference-adapter/src/inference-adapter.config.js";

interface Service {
  environment?: Record<string, string | null>;
}
const read = (file: string) => readFileSync(new URL(`../../${file}`, import.meta.url), "utf8");
const { services } = parse(read("docker-compose.yml"), { merge: true }) as {
  services: Record<string, Service>;
};

/** Inside the containers these are as the images have them; the log is Docker's. */
const fixed = [
  "API_HOST",
  "API_PORT",
  "CACHE_HOST",
  "CACHE_PORT",
  "INFERENCE_HOST",
  "INFERENCE_PORT",
  "LOG_FILE",
];

describe("docker-compose.yml", () => {
  it.each([
    ["gateway", new GatewayConfig()],
    ["cache", new CacheConfig()],
    ["inference-adapter", new InferenceAdapterConfig()],
  ] as const)("hands %s every variable that it reads, and no other", (name, config) => {
    const expected = Object.keys(config).filter((variable) => !fixed.includes(variable));
    expect(Object.keys(services[name]?.environment ?? {}).sort()).toEqual(expected.sort());
  });

  it("has no variable of its own that docs/containers.md does not explain", () => {
    const files = ["docker-compose.yml", "docker/gpu.yml", "docker-compose.gpu.yml"].map(read).join("\n");
    const named = new Set([...files.matchAll(/\$\{([A-Z_]+)/g)].map(([, variable]) => variable ?? ""));
    const documented = `${read("docs/containers.md")}\n${read(".env.example")}`;
    expect([...named].filter((variable) => !new RegExp(`\\b${variable}\\b`).test(documented))).toEqual([]);
  });
});
