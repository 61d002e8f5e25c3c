import { constants, copyFileSync, openSync, readdirSync, statSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { runFolder } from "./paths.mjs";

const longestBytes = 50 * 1024 * 1024;
const checkIntervalMs = 30_000;

/**
 * A file in the run folder to append to. The programs do that themselves, so that none depends on the
 * supervisor to go on.
 */
export function openLog(name) {
  return openSync(join(runFolder, name), constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT, 0o600);
}

/** A log that has grown too long becomes the old one, and begins anew. */
export function limitLogs() {
  setInterval(() => {
    for (const name of logNames()) limit(join(runFolder, name));
  }, checkIntervalMs).unref();
}

/** None where the folder has been removed. */
function logNames() {
  try {
    return readdirSync(runFolder).filter((file) => file.endsWith(".log"));
  } catch {
    return [];
  }
}

function limit(path) {
  try {
    if (statSync(path).size < longestBytes) return;
    copyFileSync(path, `${path}.1`);
    truncateSync(path);
  } catch {
    // A full disk: the next round tries again.
  }
}
