import { describe, expect, it } from "vitest";
import { type ModelFacts, toModelLine, toStartReport } from "./to-start-report.js";

const facts: ModelFacts = {
  model: "qwen3-coder",
  ollamaUrl: "http://localhost:11434",
  serverUrl: undefined,
  state: { models: ["qwen3-coder:30b"] },
  isDemo: false,
  isPulled: false,
};

describe("toModelLine", () => {
  it.each<[string, Partial<ModelFacts>, string]>([
    ["the model that answers", {}, "qwen3-coder:30b on Ollama at http://localhost:11434"],
    [
      "that the model is missing",
      { state: { models: ["llama3:latest", "tiny:latest"] } },
      "Ollama has no model qwen3-coder yet: run ollama pull qwen3-coder (installed: llama3:latest, tiny:latest)",
    ],
    [
      "that there is no model at all",
      { state: { models: [] } },
      "Ollama has no model qwen3-coder yet: run ollama pull qwen3-coder (none is installed)",
    ],
    [
      "that it is being pulled",
      { state: { models: [] }, isPulled: true },
      "qwen3-coder is being pulled by Ollama: GET /health/ready tells the progress",
    ],
    [
      "that Ollama is not there",
      { state: { fault: "ECONNREFUSED" } },
      "none: Ollama does not answer at http://localhost:11434 (ECONNREFUSED). Start it with: ollama serve",
    ],
    [
      "that it is the demo",
      { state: { models: ["qwen3-coder:demo"] }, isDemo: true },
      "qwen3-coder:demo, a built-in DEMO: no Ollama is running. It takes over as soon as it is started",
    ],
    [
      "that it is on another server",
      { ollamaUrl: undefined, serverUrl: "http://gpu:8000/v1" },
      "qwen3-coder on the server at http://gpu:8000/v1",
    ],
    ["that another adapter knows", { ollamaUrl: undefined }, "qwen3-coder, served by that adapter"],
  ])("tells %s", (_name, changed, expected) => expect(toModelLine({ ...facts, ...changed })).toBe(expected));
});

describe("toStartReport", () => {
  const report = {
    version: "1.2.3",
    gatewayUrl: "http://localhost:8001",
    cacheUrl: "http://127.0.0.1:8100",
    store: "in memory",
    inferenceUrl: "http://127.0.0.1:8200",
    model: "qwen3-coder:30b",
    needsKey: false,
  };

  it("tells where everything is and how to start Claude Code", () => {
    const text = toStartReport(report);
    for (const part of ["http://localhost:8001\n", "http://127.0.0.1:8100 (in memory)", "qwen3-coder:30b"])
      expect(text).toContain(part);
    expect(text).toContain(
      '  eval "$(curl -sS http://localhost:8001/claude-code/env || echo false)" && claude\n',
    );
  });

  it("asks for the key where one is needed", () =>
    expect(toStartReport({ ...report, needsKey: true })).toContain(
      "export ANTHROPIC_AUTH_TOKEN=<your key>\n  eval",
    ));
});
