import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { cpus } from "node:os";

/** Where and when a run was made; `loadAfter` is added at its end. */
export function describeMachine({ repository, pinned, mode }) {
  return {
    startedAt: new Date().toISOString(),
    revision: describeRevision(repository),
    node: process.version,
    cpu: cpus()[0]?.model ?? "unknown CPU",
    cpus: cpus().length,
    pinned,
    mode,
    loadBefore: readLoad(),
  };
}

export function readLoad() {
  try {
    return readFileSync("/proc/loadavg", "utf8").split(" ").slice(0, 3);
  } catch {
    return [];
  }
}

function describeRevision(repository) {
  const git = (...args) => spawnSync("git", args, { cwd: repository, encoding: "utf8" }).stdout?.trim() ?? "";
  const commit = git("rev-parse", "--short", "HEAD") || "unknown";
  return git("status", "--porcelain", "-uno") === "" ? commit : `${commit} with changes`;
}
