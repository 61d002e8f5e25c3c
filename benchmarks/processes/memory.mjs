import { readFileSync } from "node:fs";

/**
 * What these processes hold together, in MB, and undefined off Linux. `rssMb` counts a page that several of them
 * share once for each, `pssMb` once in all.
 */
export function readMemory(pids) {
  try {
    const sum = (name) => pids.reduce((total, pid) => total + readOne(pid, name), 0) / 1024;
    return { rssMb: sum("Rss"), pssMb: sum("Pss") };
  } catch {
    return undefined;
  }
}

function readOne(pid, name) {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(rollup)[1]);
}
