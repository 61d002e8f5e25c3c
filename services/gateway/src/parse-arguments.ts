import { parseArgs } from "node:util";
import { joinPort } from "#platform/join-port.js";
import { ConfigError } from "#platform/load-config.js";

/** `--port N` as the variable that it stands for. @throws ConfigError */
export function parseArguments(args: string[]): NodeJS.ProcessEnv {
  try {
    const { values } = parseArgs({ args: joinPort(args), options: { port: { type: "string" } } });
    return values.port === undefined ? {} : { API_PORT: values.port };
  } catch (error) {
    throw new ConfigError([(error as Error).message]);
  }
}
