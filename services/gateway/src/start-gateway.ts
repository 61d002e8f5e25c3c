import { type RunningService, startService } from "#platform/bootstrap.js";
import { loadConfig } from "#platform/load-config.js";
import { createLogger } from "#platform/logging.js";
import { checkExposure } from "./access/check-exposure.js";
import { GatewayConfig } from "./gateway.config.js";
import { GatewayModule } from "./gateway.module.js";

const maxBodyBytes = 32 * 1024 * 1024;

/** @throws ConfigError */
export async function startGateway(env: NodeJS.ProcessEnv): Promise<RunningService> {
  const config = loadConfig(GatewayConfig, env);
  checkExposure(config);
  const logger = createLogger("gateway", config);
  const service = await startService({
    module: GatewayModule.forRoot(config),
    logger,
    host: config.API_HOST,
    port: config.API_PORT,
    maxBodyBytes,
    drainTimeoutMs: config.DRAIN_TIMEOUT_MS,
  });
  logger.info({ url: service.url, model: config.MODEL_NAME }, "gateway listening");
  return service;
}
