import { readFileSync } from "node:fs";

/**
 * What these processes hold together, in MB, and undefined off Linux. `rssMb` counts the pages of a program that
 * several of them run once for each; `togetherMb` counts them once, as the machine does.
 */
export function readMemory(pids) {
  try {
    const processes = pids.map(readOne);
    const sum = (of) => processes.reduce((total, one) => total + of(one), 0);
    const largestFile = Math.max(...processes.map(({ file }) => file));
    return {
      rssMb: sum(({ own, file }) => own + file) / 1024,
      togetherMb: (sum(({ own }) => own) + largestFile) / 1024,
    };
  } catch {
    return undefined;
  }
}

/** In kB: `own` is of this process alone, `file` is mapped from files, almost all of it Node itself. */
function readOne(pid) {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const read = (name) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)[1]);
  return { own: read("RssAnon") + read("RssShmem"), file: read("RssFile") };
}
