import { describe, expect, it } from "vitest";
import { toComponents } from "./to-components.js";

describe("toComponents", () => {
  it("makes a flat list of what stands inside of each other, and tells the model apart", () => {
    const { components, model } = toComponents({
      inference: {
        status: "down",
        latency_ms: 4,
        ollama: { status: "up", latency_ms: 1 },
        model: { status: "down", name: "qwen3-coder:30b", state: "pulling 43 %" },
      },
      cache: {
        status: "up",
        state: "degraded",
        redis: { status: "up", state: "degraded", reason: "connection refused" },
      },
    });
    expect(model).toEqual({ name: "qwen3-coder:30b", state: "pulling 43 %", context_length: null });
    expect(components).toEqual([
      { name: "inference adapter", isUp: false, state: null, latency_ms: 4, message: null },
      { name: "ollama", isUp: true, state: null, latency_ms: 1, message: null },
      { name: "cache", isUp: false, state: "degraded", latency_ms: null, message: null },
      { name: "redis", isUp: false, state: "degraded", latency_ms: null, message: "connection refused" },
    ]);
  });

  it("knows no model of a service that tells none", () => {
    expect(toComponents({ inference: { status: "up" } }).model).toBeNull();
  });
});
