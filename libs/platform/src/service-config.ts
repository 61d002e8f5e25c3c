import { IsIntVariable, IsOneOfVariable, IsTextVariable } from "./load-config.js";

export const logLevels = ["fatal", "error", "warn", "info", "debug", "trace", "silent"] as const;

/** What every service reads from the environment. */
export class ServiceConfig {
  @IsOneOfVariable(logLevels)
  LOG_LEVEL: string = "info";

  /** A file that gets the JSON lines too. */
  @IsTextVariable()
  LOG_FILE: string = "";

  /** How long a service that is told to stop waits for the answers under way before it ends them with an error. */
  @IsIntVariable(0, 3_600_000)
  DRAIN_TIMEOUT_MS: number = 110_000;
}
