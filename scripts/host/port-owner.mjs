import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** Who listens on a TCP port of this machine: `name (pid N)`; undefined where that cannot be seen. */
export function describePortOwner(port) {
  const inodes = listeningInodes(port);
  if (inodes.size === 0) return undefined;
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name)))
    if (openSockets(pid).some((inode) => inodes.has(inode))) return `${commandOf(pid)} (pid ${pid})`;
  return undefined;
}

function listeningInodes(port) {
  const local = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const rows = ["tcp", "tcp6"].flatMap((name) => read(`/proc/net/${name}`).split("\n").slice(1));
  const fields = rows.map((row) => row.trim().split(/\s+/));
  return new Set(fields.filter(([, at, , state]) => at?.endsWith(local) && state === "0A").map((f) => f[9]));
}

function openSockets(pid) {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? [];
      } catch {
        return [];
      }
    });
  } catch {
    return [];
  }
}

function commandOf(pid) {
  return read(`/proc/${pid}/cmdline`).split("\0").filter(Boolean).slice(0, 2).join(" ") || `pid ${pid}`;
}

function read(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
