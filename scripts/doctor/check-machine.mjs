import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, statfsSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { root } from "../root.mjs";
import { broken, ok, warning } from "./finding.mjs";

const gigabyte = 1e9;
/** Below this, logs and Redis soon have no room. */
const leastFreeBytes = 2 * gigabyte;
const leastMemoryMib = 4000;

/** @returns the GPUs of this machine as `{ names, driver, totalMib, usedMib }`, or `{ fault }` */
export function findGpu() {
  const query = ["--query-gpu=name,driver_version,memory.total,memory.used", "--format=csv,noheader,nounits"];
  const { status, stdout, stderr, error } = spawnSync("nvidia-smi", query, {
    encoding: "utf8",
    timeout: 20_000,
  });
  if (error?.code === "ENOENT") return { fault: "there is no nvidia-smi, so no NVIDIA driver" };
  if (status !== 0)
    return { fault: `nvidia-smi fails: ${`${stdout ?? ""}${stderr ?? ""}`.trim().split("\n")[0]}` };
  const rows = stdout
    .trim()
    .split("\n")
    .map((line) => line.split(",").map((field) => field.trim()));
  const sum = (column) => rows.reduce((total, row) => total + Number(row[column]), 0);
  if (!(sum(2) > 0)) return { fault: "nvidia-smi lists no GPU with memory of its own" };
  return { names: rows.map(([name]) => name), driver: rows[0][1], totalMib: sum(2), usedMib: sum(3) };
}

export function describeGpu(gpu) {
  if (gpu.fault)
    return warning("gpu", `${gpu.fault}: the model runs on the CPU`, "docs/troubleshooting.md#gpu");
  return ok(
    "gpu",
    `${gpu.names.join(" + ")}, driver ${gpu.driver}, ${gpu.usedMib} of ${gpu.totalMib} MiB used`,
  );
}

export function checkMachine(env) {
  const models = env.OLLAMA_MODELS || join(homedir(), ".ollama/models");
  return [
    describeDisk("disk of the project", root),
    describeDisk("disk of the models", models),
    describeMemory(),
  ];
}

function describeDisk(check, path) {
  const { bavail, bsize } = statfsSync(existing(path));
  const free = bavail * bsize;
  const text = `${(free / gigabyte).toFixed(1)} GB free for ${path}`;
  return free < leastFreeBytes
    ? broken(check, text, `df -h; ollama rm MODEL removes a model; ${root}run holds the logs`)
    : ok(check, text);
}

function existing(path) {
  return existsSync(path) ? path : existing(dirname(path));
}

/** A container may have less than the machine. */
function describeMemory() {
  const total = Number(/^MemTotal: +(\d+)/m.exec(read("/proc/meminfo"))?.[1] ?? 0) / 1024;
  const limit = Number(read("/sys/fs/cgroup/memory.max")) / 1024 ** 2;
  const mebibytes = Math.floor(limit > 0 ? Math.min(total, limit) : total);
  if (mebibytes >= leastMemoryMib) return ok("memory", `${mebibytes} MiB`);
  return warning(
    "memory",
    `only ${mebibytes} MiB`,
    "a machine with more memory; dmesg tells whether something was killed for lack of it",
  );
}

function read(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
