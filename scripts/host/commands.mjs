import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { checkStart } from "./check-start.mjs";
import { openLog } from "./log-file.mjs";
import { logName, logPath, makeRunFolders, runFolder } from "./paths.mjs";
import { endGroup, isAlive, signal } from "./process-identity.mjs";
import { toGatewayPorts, toPrograms } from "./programs.mjs";
import { toStatusLines } from "./report.mjs";
import { readEnvironment, readSettings } from "./settings.mjs";
import { StartFault } from "./start-fault.mjs";
import { leftovers, readState, removeState, runningState } from "./state.mjs";
import { supervise } from "./supervise.mjs";

const startLimitMs = 60_000;
const lookIntervalMs = 200;

/** Starts what is not running. Comes back when everything answers; the model may still be on its way. */
export async function start(options) {
  const running = runningState();
  if (running) {
    if (options.gateways && running.gatewayPorts.length !== options.gateways)
      throw new StartFault(`It runs with ${running.gatewayPorts.length} gateway(s): stop it first`);
    return print(["It is running already.", ...(await toStatusLines(running))]);
  }
  const { settings, env, gatewayPorts } = await prepareStart(options);
  makeRunFolders();
  const log = openLog(logName);
  const child = spawn(
    process.execPath,
    [
      fileURLToPath(new URL("main.mjs", import.meta.url)),
      "run",
      ...(options.gateways ? ["--gateways", String(options.gateways)] : []),
    ],
    {
      env: process.env,
      detached: true,
      stdio: ["ignore", log, log],
    },
  );
  child.unref();
  const programs = toPrograms(settings, { node: process.execPath, env, gatewayPorts });
  await waitForAll(programs, child);
  print(["Up.", ...(await toStatusLines(runningState())), "", `  tail -f ${logPath}`]);
}

/** The same at the terminal or in a container: ends with Ctrl-C or SIGTERM. */
export async function run(options) {
  if (runningState()) throw new StartFault("It is running already");
  return supervise(await prepareStart(options));
}

export async function status() {
  const state = runningState();
  if (state) return print(await toStatusLines(state));
  const rest = leftovers();
  const names = rest.map(({ name, pid }) => `${name} (pid ${pid})`).join(", ");
  print([
    rest.length > 0
      ? `The supervisor was killed; still there: ${names}. Start or stop mends that.`
      : "It is not running.",
  ]);
  return 3;
}

/** Waits for the answers under way; `isHasty`: ends them. */
export async function stop({ isHasty }) {
  const state = runningState();
  if (!state) {
    const ended = await endLeftovers();
    return print([ended > 0 ? `Ended ${ended} program(s) of a killed supervisor.` : "It is not running."]);
  }
  const waiting = isHasty ? "" : "; answers under way are finished first (stop --now does not wait)";
  print([`Stopping${waiting} ...`]);
  signal(state.supervisor, isHasty ? "SIGINT" : "SIGTERM");
  while (isAlive(state.supervisor)) await delay(lookIntervalMs);
  await endLeftovers();
  print(["Stopped."]);
}

/** With as many gateways as there are. A wrong configuration is told before anything is stopped. */
export async function restartAll({ isHasty, gateways = runningState()?.gatewayPorts.length }) {
  await readConfiguration();
  await stop({ isHasty });
  return start({ gateways });
}

/** Ends one program of the running stack, which the supervisor then starts again. */
export async function restart({ name }) {
  const state = runningState() ?? fail("It is not running: ./start_llm_selfhost.sh starts it");
  const matches = state.programs.filter((program) =>
    [program.name, program.name.split("-")[0]].includes(name),
  );
  if (matches.length === 0)
    fail(`There is no ${name}; it is one of ${state.programs.map((p) => p.name).join(", ")}`);
  for (const program of matches) await restartOne(program);
}

async function restartOne({ name, state, pid, startTime }) {
  if (state === "elsewhere") fail(`${name} was not started here, so it is not restarted here either`);
  if (pid !== undefined) signal({ pid, startTime }, "SIGTERM");
  print([`Restarting ${name} ...`]);
  for (;;) {
    await delay(lookIntervalMs);
    const now = runningState()?.programs.find((program) => program.name === name);
    if (now === undefined) fail("The supervisor has ended meanwhile");
    if (now.state === "running" && now.pid !== pid)
      return print([`${name} is running again (pid ${now.pid}).`]);
  }
}

async function prepareStart({ gateways = 1 }) {
  const { env, settings } = await readConfiguration();
  const gatewayPorts = toGatewayPorts(settings.gateway.API_PORT, gateways);
  await endLeftovers();
  await checkStart(toPrograms(settings, { node: process.execPath, env, gatewayPorts }));
  return { env, settings, gatewayPorts };
}

async function readConfiguration() {
  try {
    const env = readEnvironment();
    return { env, settings: await readSettings(env) };
  } catch (error) {
    if (!error.faults) throw error;
    throw new StartFault(`The configuration is wrong:\n  ${error.faults.join("\n  ")}`);
  }
}

async function waitForAll(programs, child) {
  const until = performance.now() + startLimitMs;
  let waitingFor = programs;
  for (;;) {
    if (child.exitCode !== null && !runningState()) fail(`The supervisor has ended:\n${lastLines(logName)}`);
    const answers = await Promise.all(waitingFor.map((program) => program.isAnswering()));
    waitingFor = waitingFor.filter((_, index) => !answers[index]);
    if (waitingFor.length === 0 && runningState()) return;
    if (performance.now() > until) break;
    await delay(lookIntervalMs);
  }
  const names = waitingFor.map(({ name }) => name).join(", ");
  const logs = [logName, ...waitingFor.flatMap(({ log }) => log ?? [])].map(lastLines);
  fail(
    `No answer after ${startLimitMs / 1000} s from ${names}; the supervisor keeps trying. The log ends with:\n${logs.join("\n")}`,
  );
}

/** What a killed supervisor has left behind would keep the ports and the GPU. */
async function endLeftovers() {
  const rest = leftovers();
  for (const program of rest) signal(program, "SIGTERM");
  const until = performance.now() + 15_000;
  while (rest.some(isAlive) && performance.now() < until) await delay(lookIntervalMs);
  for (const program of rest) {
    signal(program, "SIGKILL");
    endGroup(program.pid);
  }
  // Another start may have begun meanwhile.
  const state = readState();
  if (state && !isAlive(state.supervisor)) removeState();
  return rest.length;
}

function lastLines(name) {
  return readFileSync(join(runFolder, name), "utf8").trimEnd().split("\n").slice(-12).join("\n");
}

function print(lines) {
  process.stdout.write(`${lines.join("\n")}\n`);
}

function fail(message) {
  throw new StartFault(message);
}
