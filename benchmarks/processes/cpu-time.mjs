import { readFileSync } from "node:fs";

/** USER_HZ, which is 100 on every Linux that Node runs on. */
const ticksPerSecond = 100;

/** The seconds of CPU time that these processes have used so far, all threads; undefined off Linux. */
export function readCpuSeconds(pids) {
  try {
    return pids.reduce((sum, pid) => sum + readOne(pid), 0);
  } catch {
    return undefined;
  }
}

/** The name in brackets may hold anything, so the fields are counted from behind it: utime and stime. */
function readOne(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}
