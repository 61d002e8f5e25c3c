import { createHash } from "node:crypto";

/** A tag of the default model's name: who asks for `qwen3-coder` or any `claude-*` gets it, and sees that it is a demo. */
export const demoModel = {
  name: "qwen3-coder:demo",
  model: "qwen3-coder:demo",
  modified_at: "2025-01-01T00:00:00Z",
  size: 0,
  digest: createHash("sha256").update("llm-selfhost demo engine 1").digest("hex"),
};

/** It can do whatever is asked: it only ever explains itself. */
export const showDemoModel = {
  capabilities: ["completion", "tools", "thinking", "vision"],
  details: { format: "demo", family: "demo", parameter_size: "0", quantization_level: "none" },
  model_info: { "general.architecture": "demo", "demo.context_length": 262_144 },
};
