import { IsOneOfVariable, IsTextVariable } from "./load-config.js";

export const logLevels = ["fatal", "error", "warn", "info", "debug", "trace", "silent"] as const;

/** What every service reads from the environment. */
export class ServiceConfig {
  @IsOneOfVariable(logLevels)
  LOG_LEVEL: string = "info";

  /** A file that gets the JSON lines too. */
  @IsTextVariable()
  LOG_FILE: string = "";
}
