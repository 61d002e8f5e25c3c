import { ConfigError } from "#platform/load-config.js";
import type { InferenceAdapterConfig } from "./inference-adapter.config.js";

/** There is no place where an OpenAI-compatible server usually is. @throws ConfigError */
export function checkBackend({ INFERENCE_BACKEND, OPENAI_BASE_URL }: InferenceAdapterConfig): void {
  if (INFERENCE_BACKEND !== "openai-compatible" || OPENAI_BASE_URL !== "") return;
  throw new ConfigError([
    "OPENAI_BASE_URL must be set for INFERENCE_BACKEND=openai-compatible, such as http://localhost:8080/v1",
  ]);
}
