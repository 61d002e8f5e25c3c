import { parseArgs } from "node:util";
import { joinPort } from "#platform/join-port.js";
import { StartError } from "./start-error.js";

export interface Options {
  help: boolean;
  debug: boolean;
  port: string | undefined;
}

export const usage = `npm start -- [options]

  --port N   the gateway's port (default: API_PORT, else 8000)
  --debug    log more (LOG_LEVEL=debug)
  --help     this text

Everything else is set by environment variables or a .env file: see .env.example.
`;

/**
 * The command line. npm takes options that stand before its `--` for itself and hands them on in the
 * environment: `npm start --port=8001` as `npm_config_port=8001`, `npm start --port 8001` as `true` with
 * 8001 as an argument.
 * @throws StartError
 */
export function parseOptions(args: string[], env: NodeJS.ProcessEnv): Options {
  const { values, positionals } = readArguments(args);
  const isPortSwallowed = values.port === undefined && env["npm_config_port"] === "true";
  const swallowed = isPortSwallowed ? (positionals.shift() ?? "") : env["npm_config_port"];
  if (positionals.length > 0) throw new StartError(`Unknown argument ${positionals[0]}\n\n${usage}`);
  const port = values.port ?? swallowed;
  if (port !== undefined) checkPort(port);
  return { help: values.help, debug: values.debug || env["npm_config_debug"] === "true", port };
}

function readArguments(args: string[]) {
  try {
    return parseArgs({
      args: joinPort(args),
      allowPositionals: true,
      options: {
        port: { type: "string" },
        debug: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    });
  } catch (error) {
    const [firstSentence] = (error as Error).message.split(/\. |\n/);
    throw new StartError(`${firstSentence}\n\n${usage}`);
  }
}

function checkPort(port: string): void {
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65535)
    throw new StartError("--port must be a whole number from 0 to 65535");
}
