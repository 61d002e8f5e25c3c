import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "../root.mjs";

const notCopied = new Set(["node_modules", ".git", ".env", "run", ".local", "shared"]);
const commandLimitMs = 240_000;

/**
 * A copy of the project, built, with a home, a volume and programs of its own: nothing of the machine's own
 * installation is touched. `run(command, …arguments)` gives `{ code, output }`.
 */
export class Scratch {
  constructor() {
    this.folder = realpathSync(mkdtempSync(join(tmpdir(), "llm-selfhost-host-")));
    this.project = join(this.folder, "project");
    this.home = join(this.folder, "home");
    this.volume = join(this.folder, "volume");
    this.bin = join(this.folder, "bin");
    for (const folder of [this.home, this.volume, this.bin]) mkdirSync(folder);
    mkdirSync(this.project);
    const entries = readdirSync(root).filter((name) => !notCopied.has(name));
    // With all times kept, so that the copy counts as built.
    const { status } = spawnSync("cp", ["-a", ...entries, this.project], { cwd: root, stdio: "inherit" });
    if (status !== 0) throw new Error("the project could not be copied");
    symlinkSync(join(root, "node_modules"), join(this.project, "node_modules"));
    const mounts = ["overlay / overlay rw 0 0", `/dev/vdb ${this.volume} ext4 rw 0 0`];
    writeFileSync(join(this.folder, "mounts"), `${mounts.join("\n")}\n`);
    this.env = {
      PATH: `${this.bin}:${process.env.PATH}`,
      HOME: this.home,
      LANG: "C.UTF-8",
      MOUNTS: join(this.folder, "mounts"),
      VOLUMES: this.volume,
      CGROUP_LIMIT: "/nonexistent",
    };
  }

  /** A program that comes before the machine's. */
  addProgram(name, text) {
    writeFileSync(join(this.bin, name), text);
    chmodSync(join(this.bin, name), 0o755);
  }

  removeProgram(name) {
    rmSync(join(this.bin, name), { force: true });
  }

  addGpu(mebibytes) {
    this.addProgram(
      "nvidia-smi",
      `#!/bin/sh
case "$1" in
  *driver_version*) echo 'NVIDIA Test Card, 550.1, ${mebibytes}, 512' ;;
  *) echo '${mebibytes}, NVIDIA Test Card' ;;
esac
`,
    );
  }

  path(...parts) {
    return join(this.project, ...parts);
  }

  /** Without a terminal. */
  async run(command, ...args) {
    return this.runWith({}, command, ...args);
  }

  async runWith(env, command, ...args) {
    const child = spawn(command, args, {
      cwd: this.project,
      env: { ...this.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
      timeout: commandLimitMs,
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text) => (output += text));
    // Not "close": what `start` leaves running may hold nothing of ours, and that is part of the test.
    const [code] = await once(child, "close");
    return { code, output };
  }

  install(...args) {
    return this.run("./install.sh", ...args);
  }

  host(...args) {
    return this.run("./start_llm_selfhost.sh", ...args);
  }

  remove() {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The first of so many free ports in a row, out of the range that connections take theirs from. */
export async function freeRange(count) {
  for (;;) {
    const first = 20_000 + Math.floor(Math.random() * 9000);
    const servers = Array.from({ length: count }, (_, index) =>
      createServer().listen(first + index, "127.0.0.1"),
    );
    const isFree = await Promise.all(servers.map((server) => once(server, "listening"))).then(
      () => true,
      () => false,
    );
    for (const server of servers) server.close();
    if (isFree) return first;
  }
}
