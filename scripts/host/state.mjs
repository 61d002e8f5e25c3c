import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { makeRunFolders, statePath } from "./paths.mjs";
import { isAlive } from "./process-identity.mjs";

/**
 * What the supervisor has started: `{ supervisor, gatewayPorts, gatewayUrl, programs }`, a program being
 * `{ name, state, pid, startTime, starts, since }` with state `running`, `waiting` (to be started again),
 * `elsewhere` (somebody else's answers on its port) or `ended`. It outlives a supervisor that was killed.
 */
export function readState() {
  try {
    const state = JSON.parse(readFileSync(statePath, "utf8"));
    return Array.isArray(state?.programs) ? state : undefined;
  } catch {
    return undefined;
  }
}

export function hasState() {
  return existsSync(statePath);
}

export function writeState(state) {
  makeRunFolders();
  writeFileSync(`${statePath}.new`, `${JSON.stringify(state, null, 2)}\n`);
  renameSync(`${statePath}.new`, statePath);
}

export function removeState() {
  rmSync(statePath, { force: true });
}

/** The state of a stack whose supervisor runs. */
export function runningState() {
  const state = readState();
  return state && isAlive(state.supervisor) ? state : undefined;
}

/** Programs that run on although their supervisor was killed. */
export function leftovers() {
  const state = readState();
  if (!state || isAlive(state.supervisor)) return [];
  return state.programs.filter((program) => program.pid !== undefined && isAlive(program));
}
