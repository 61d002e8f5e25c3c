// The supervisor: starts the programs and keeps them running until SIGTERM or SIGINT.
// Runs detached with its output in the log file (`start`), or at a terminal or in a container (`run`).
import { setTimeout as delay } from "node:timers/promises";
import { Keeper } from "./keeper.mjs";
import { takeLock } from "./lock.mjs";
import { limitLogs, openLog } from "./log-file.mjs";
import { makeRunFolders } from "./paths.mjs";
import { identify } from "./process-identity.mjs";
import { toPrograms } from "./programs.mjs";
import { hasState, removeState, writeState } from "./state.mjs";

/** Ollama and Redis get a moment before those who use them; who comes too early only logs that they are missing. */
const headStartMs = 300;
const stateCheckMs = 2000;

/** @returns the exit code, when everything has ended */
export async function supervise({ env, settings, gatewayPorts }) {
  makeRunFolders();
  if (!(await takeLock())) {
    log("another supervisor runs already");
    return 1;
  }
  const programs = toPrograms(settings, { node: process.execPath, env, gatewayPorts });
  const { url: gatewayUrl } = programs.find(({ name }) => name.startsWith("gateway"));
  const keepers = programs.map(
    (program) => new Keeper(program, { env, stdio: outputOf(program), onChange: report, log }),
  );
  function report() {
    const described = keepers.map((keeper) => keeper.describe());
    try {
      writeState({ supervisor: identify(process.pid), gatewayPorts, gatewayUrl, programs: described });
    } catch (error) {
      log(`the state cannot be written: ${error.message}`);
    }
  }
  limitLogs();
  // Whoever removes the folder of logs must still be able to stop what runs.
  const stateCheck = setInterval(() => hasState() || report(), stateCheckMs);
  const asked = signalled(keepers);
  log(`starting ${keepers.map(({ program }) => program.name).join(", ")}`);
  for (const keeper of keepers) {
    keeper.run();
    await delay(keeper.program.isElsewhere ? headStartMs : 0);
  }
  const signalName = await asked;
  log("stopping");
  const isGateway = ({ program }) => program.name.startsWith("gateway");
  await Promise.all(keepers.filter(isGateway).map((keeper) => keeper.stop(signalName)));
  for (const keeper of keepers.toReversed()) if (!isGateway(keeper)) await keeper.stop(signalName);
  clearInterval(stateCheck);
  removeState();
  log("stopped");
  return 0;
}

/** Ollama writes a line for each request, several a minute even when nobody asks: that would drown the others. */
function outputOf({ log: name }) {
  if (name === undefined) return ["inherit", "inherit"];
  const file = openLog(name);
  return [file, file];
}

/** The first signal; a second one ends all at once. */
function signalled(keepers) {
  const { promise, resolve } = Promise.withResolvers();
  let isAsked = false;
  for (const name of ["SIGTERM", "SIGINT"])
    process.on(name, () => {
      if (isAsked) for (const keeper of keepers) void keeper.stop(name);
      isAsked = true;
      resolve(name);
    });
  process.on("SIGHUP", () => {});
  // Whoever reads a pipe may leave.
  process.stdout.on("error", () => {});
  return promise;
}

/** In the shape of the services' own lines. */
function log(message) {
  const line = { level: 30, time: new Date().toISOString(), service: "supervisor", msg: message };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
