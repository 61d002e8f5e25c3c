import type { FastifyRequest } from "fastify";
import type { IncomingHttpHeaders } from "node:http";
import { type RunningService, startService } from "#platform/bootstrap.js";
import { checkClients } from "#platform/callers/check-caller.js";
import { loadConfig } from "#platform/load-config.js";
import { createLogger } from "#platform/logging.js";
import { adminKeys } from "./access/admin.guard.js";
import { ApiKeys } from "./access/api-keys.js";
import { checkExposure } from "./access/check-exposure.js";
import { holdsKey } from "./access/find-tenant.js";
import { GatewayConfig } from "./gateway.config.js";
import { GatewayModule } from "./gateway.module.js";
import { InProcess } from "./in-process.js";
import { refuseLoop } from "./inference/refuse-loop.js";

const maxBodyBytes = 32 * 1024 * 1024;

/** @throws ConfigError */
export async function startGateway(
  env: NodeJS.ProcessEnv,
  inProcess = new InProcess(),
): Promise<RunningService> {
  const config = loadConfig(GatewayConfig, env);
  checkExposure(config);
  const logger = createLogger("gateway", config);
  const keys = new ApiKeys(config, logger);
  const administration = adminKeys(config);
  const isTrusted = (headers: IncomingHttpHeaders) =>
    keys.hasValidKey(headers) || holdsKey(headers, administration);
  const checkClient = checkClients("gateway", config, isTrusted);
  const service = await startService({
    module: GatewayModule.forRoot(config, keys, inProcess),
    logger,
    host: config.API_HOST,
    port: config.API_PORT,
    maxBodyBytes,
    keepsRawBodies: inProcess.createMessage === undefined,
    checkCaller: (request) => {
      const { headers } = request;
      refuseLoop(headers);
      checkClient(request);
      // The guards are asked when the body has been read, however long it is.
      if (keys.areSet && isBodyRead(request) && !isTrusted(headers)) keys.findTenant(headers);
    },
    drainTimeoutMs: config.DRAIN_TIMEOUT_MS,
  });
  logger.info({ url: service.url, model: config.MODEL_NAME }, "gateway listening");
  return service;
}

/** Fastify leaves those of GET and HEAD alone. */
function isBodyRead({ method, headers }: FastifyRequest): boolean {
  if (method === "GET" || method === "HEAD") return false;
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
}
