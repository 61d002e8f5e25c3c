#!/usr/bin/env node
// The scripted Ollama under the names of the real one: `ollama serve` and `ollama list`. What was pulled is
// remembered on the volume, as the real one keeps its models there. A pull takes a minute.
import { readFileSync, writeFileSync } from "node:fs";
import { startFakeOllama } from "../support/fake-ollama/fake-ollama.ts";

const memory = "/root/.ollama/models.json";
const pullStepMs = 8000;
const tokenMs = 30;

if (process.argv[2] === "list") {
  const response = await fetch("http://127.0.0.1:11434/api/tags");
  process.exit(response.ok ? 0 : 1);
}

const known = readModels();
const fake = await startFakeOllama({ host: "0.0.0.0", port: 11_434, models: known });
fake.knobs.tokenDelayMs = known.length > 0 ? tokenMs : pullStepMs;
const watch = setInterval(() => {
  if (fake.models.length === known.length) return;
  known.splice(0, known.length, ...fake.models);
  fake.knobs.tokenDelayMs = tokenMs;
  writeFileSync(memory, JSON.stringify(known));
}, 50);
for (const signal of ["SIGINT", "SIGTERM"])
  process.once(signal, () => {
    clearInterval(watch);
    void fake.close();
  });

function readModels() {
  try {
    return JSON.parse(readFileSync(memory, "utf8"));
  } catch {
    return [];
  }
}
