import type { Type } from "@nestjs/common";
import pino from "pino";
import { type RunningService, type ServiceOptions, startService } from "../bootstrap.js";

/** A service of this module alone, on a free port, which lets everybody in and logs nothing. */
export function startTestService(
  module: Type,
  changed: Partial<ServiceOptions> = {},
): Promise<RunningService> {
  return startService({
    module: { module },
    logger: pino({ level: "silent" }),
    host: "127.0.0.1",
    port: 0,
    maxBodyBytes: 1024,
    checkCaller: () => {},
    drainTimeoutMs: 0,
    ...changed,
  });
}
