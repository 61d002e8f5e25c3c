import { type RunningService, startService } from "#platform/bootstrap.js";
import { checkInnerCallers } from "#platform/callers/check-caller.js";
import { loadConfig } from "#platform/load-config.js";
import { createLogger } from "#platform/logging.js";
import { checkBackend } from "./check-backend.js";
import { InferenceAdapterConfig } from "./inference-adapter.config.js";
import { InferenceAdapterModule } from "./inference-adapter.module.js";

const maxBodyBytes = 40 * 1024 * 1024;

/** @throws ConfigError */
export async function startInferenceAdapter(env: NodeJS.ProcessEnv): Promise<RunningService> {
  const config = loadConfig(InferenceAdapterConfig, env);
  checkBackend(config);
  const logger = createLogger("inference-adapter", config);
  const service = await startService({
    module: InferenceAdapterModule.forRoot(config),
    logger,
    host: config.INFERENCE_HOST,
    port: config.INFERENCE_PORT,
    maxBodyBytes,
    checkCaller: checkInnerCallers("inference-adapter", config),
    drainTimeoutMs: config.DRAIN_TIMEOUT_MS,
  });
  logger.info({ url: service.url, backend: backendUrl(config) }, "inference adapter listening");
  return service;
}

function backendUrl({ INFERENCE_BACKEND, OLLAMA_HOST, OPENAI_BASE_URL }: InferenceAdapterConfig): string {
  return INFERENCE_BACKEND === "ollama" ? OLLAMA_HOST : OPENAI_BASE_URL;
}
