import { parseAllowedHosts } from "./callers/parse-allowed-hosts.js";
import { IsIntVariable, IsOneOfVariable, IsParsedVariable, IsTextVariable } from "./load-config.js";
import { parseCredential } from "./parse-credential.js";

const logLevels = ["fatal", "error", "warn", "info", "debug", "trace", "silent"] as const;

/** What every service reads from the environment. */
export class ServiceConfig {
  @IsOneOfVariable(logLevels)
  LOG_LEVEL: string = "info";

  /** A file that gets the JSON lines too; SIGHUP reopens it. */
  @IsTextVariable()
  LOG_FILE: string = "";

  /** Names under which the services may be asked, besides loopback, addresses and their own: `name,*.domain,…`. */
  @IsParsedVariable(parseAllowedHosts)
  ALLOWED_HOSTS: string = "";

  /** What the services show each other; empty: the cache service and the adapter answer their own network. */
  @IsParsedVariable(parseCredential)
  INNER_TOKEN: string = "";

  /** How long a service that is told to stop waits for the answers under way before it ends them with an error. */
  @IsIntVariable(0, 3_600_000)
  DRAIN_TIMEOUT_MS: number = 110_000;
}
