import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

const lookEveryMs = 200;
/** Longer than an installation on a slow line: then the number in the lock is somebody else's by now. */
const patienceMs = 600_000;

/**
 * Runs `act` while no other process does, which the file at `path` tells. One that was left by a process that has ended
 * is taken over. Waits without an event loop, as what it is for does. `onWait` is called once.
 */
export function oneAtATime(path, act, onWait = () => {}) {
  mkdirSync(dirname(path), { recursive: true });
  const until = Date.now() + patienceMs;
  for (let tries = 0; !take(path); tries++) {
    if (tries === 0) onWait();
    if (Date.now() > until) rmSync(path, { force: true });
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, lookEveryMs);
  }
  const letGo = () => rmSync(path, { force: true });
  process.once("exit", letGo);
  try {
    return act();
  } finally {
    letGo();
    process.off("exit", letGo);
  }
}

function take(path) {
  try {
    writeFileSync(path, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
  }
  if (!isHeld(path)) moveAway(path);
  return false;
}

function isHeld(path) {
  try {
    const holder = Number(readFileSync(path, "utf8"));
    // One that is just being written has no number yet.
    return holder === 0 || process.kill(holder, 0);
  } catch (error) {
    return error.code === "EPERM";
  }
}

/** Of several that find it left, one gets it. */
function moveAway(path) {
  const own = `${path}.${process.pid}`;
  try {
    renameSync(path, own);
    rmSync(own);
  } catch (error) {
    if (error.code !== "ENOENT") throw error;
  }
}
