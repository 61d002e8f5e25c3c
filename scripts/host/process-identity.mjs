import { readFileSync } from "node:fs";

/**
 * A process by its number and the time it was started at, so that a number that was given out again is not
 * taken for it. Undefined where no such process runs.
 */
export function identify(pid) {
  const startTime = startTimeOf(pid);
  return startTime === undefined ? undefined : { pid, startTime };
}

export function isAlive(identity) {
  return identity !== undefined && startTimeOf(identity.pid) === identity.startTime;
}

/** @returns whether the signal was sent */
export function signal(identity, name) {
  if (!isAlive(identity)) return false;
  try {
    return process.kill(identity.pid, name);
  } catch (error) {
    if (error.code === "ESRCH") return false;
    throw error;
  }
}

/**
 * Ends what a process that was started as the leader of a group has left behind. A group keeps its number for
 * as long as somebody is in it.
 */
export function endGroup(pid) {
  try {
    process.kill(-pid, "SIGKILL");
  } catch (error) {
    if (error.code !== "ESRCH") throw error;
  }
}

/** Clock ticks since the machine was started; see proc(5). A zombie has ended. */
function startTimeOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? undefined : Number(fields[19]);
  } catch {
    return undefined;
  }
}
