import { runService } from "#platform/bootstrap.js";
import { parseArguments } from "./parse-arguments.js";
import { startGateway } from "./start-gateway.js";

await runService(async (env) => startGateway({ ...env, ...parseArguments(process.argv.slice(2)) }));
