// ./start_llm_selfhost.sh: what its words mean.
import { readOptions } from "../read-options.mjs";
import { restart, restartAll, run, start, status, stop } from "./commands.mjs";
import { StartFault } from "./start-fault.mjs";

const usage = `./start_llm_selfhost.sh [command]

  start               start Ollama and the three services, and keep them running (the default)
  status              what runs, and whether the model is ready
  stop [--now]        stop all of it; --now does not wait for the answers under way
  restart [ollama]    stop and start all, or only one: ollama, gateway, cache, inference-adapter, redis
  run                 like start, but at this terminal until Ctrl-C, for containers

  --gateways N        start and run: N gateways on the ports above API_PORT, for a load balancer on API_PORT

Settings are read from .env; see .env.example.
`;

const commands = { start, status, stop, restart, run };
const maxGateways = 64;

try {
  process.exitCode = (await obey(readArguments(process.argv.slice(2)))) ?? 0;
} catch (error) {
  if (!(error instanceof StartFault)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}

async function obey({ command, name, isHasty, gateways }) {
  if (command === "restart" && name === undefined) return restartAll({ isHasty, gateways });
  return commands[command]({ name, isHasty, gateways });
}

/** @throws StartFault */
function readArguments(args) {
  const options = { now: { type: "boolean" }, gateways: { type: "string" } };
  const { values, positionals } = readOptions({ args, options, allowPositionals: true }, usage);
  const [command = "start", name, ...others] = positionals;
  const isKnown = Object.hasOwn(commands, command);
  if (!isKnown || others.length > 0 || (name !== undefined && command !== "restart"))
    throw new StartFault(`Unknown: ${positionals.join(" ")}\n\n${usage}`);
  const gateways = values.gateways === undefined ? undefined : Number(values.gateways);
  if (gateways !== undefined && !(Number.isInteger(gateways) && gateways >= 1 && gateways <= maxGateways))
    throw new StartFault(`--gateways must be a whole number from 1 to ${maxGateways}`);
  return { command, name, isHasty: values.now ?? false, gateways };
}
