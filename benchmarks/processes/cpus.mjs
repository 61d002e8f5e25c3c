// Which CPU the load comes from and which one the services run on.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** The first and the last CPU that this process may use; undefined where nothing can be pinned. */
export function chooseCpus() {
  if (spawnSync("taskset", ["--version"]).error) return undefined;
  const cpus = allowedCpus();
  return cpus.length < 2 ? undefined : { load: cpus[0], services: cpus.at(-1) };
}

/** Keeps this process, all of its threads, on one CPU. */
export function pinThisProcess(cpu) {
  spawnSync("taskset", ["-acp", String(cpu), String(process.pid)]);
}

/** `0-3,8` → 0, 1, 2, 3, 8. */
function allowedCpus() {
  const list = /^Cpus_allowed_list:\s*(.+)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? "";
  return list.split(",").flatMap((range) => {
    const [first, last = first] = range.split("-").map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
}
