// Everything that the benchmark starts, and its end: also on Ctrl-C and when the benchmark fails.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const usualStartTimeoutMs = 20_000;
const stopTimeoutMs = 3000;

export class Children {
  #started = [];
  /** Empty, so that no service finds a `.env` in it. */
  directory = mkdtempSync(join(tmpdir(), "llm-selfhost-bench-"));

  /** `cpu`: the one that all of them run on; undefined: any. */
  constructor(cpu) {
    this.cpu = cpu;
    process.once("exit", () => this.#killAll());
  }

  /** Starts a program and waits until `isUp` says so. @throws what it wrote to stderr, if it ended */
  async start(name, command, args, { env = {}, isUp, startTimeoutMs = usualStartTimeoutMs, cpu = this.cpu }) {
    const [file, ...rest] =
      cpu === undefined ? [command, ...args] : ["taskset", "-c", String(cpu), command, ...args];
    const child = spawn(file, rest, {
      cwd: this.directory,
      env: { PATH: process.env.PATH, HOME: this.directory, ...env },
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.#started.push(child);
    let errors = "";
    child.stderr.on("data", (chunk) => (errors = `${errors}${chunk}`.slice(-4000)));
    let isGone = false;
    const gone = () => (isGone = true);
    child.once("exit", gone).once("error", gone);
    const deadline = performance.now() + startTimeoutMs;
    while (!(await isUp().catch(() => false))) {
      if (isGone || performance.now() > deadline) throw new Error(`${name} did not start: ${errors}`);
      await sleep(50);
    }
    return child.pid;
  }

  /** Starts a script of Node. */
  startNode(name, script, options) {
    return this.start(name, process.execPath, [script], options);
  }

  /** Stops those of these processes that it started. */
  async stop(pids) {
    for (const child of this.#started.filter(({ pid }) => pids.includes(pid))) await stop(child);
  }

  /** In reverse order: who asks goes before who answers. */
  async stopAll() {
    for (const child of this.#started.toReversed()) await stop(child);
    rmSync(this.directory, { recursive: true, force: true });
  }

  #killAll() {
    for (const child of this.#started) child.kill("SIGKILL");
    rmSync(this.directory, { recursive: true, force: true });
  }
}

async function stop(child) {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  await Promise.race([exited, sleep(stopTimeoutMs, undefined, { ref: false })]);
  child.kill("SIGKILL");
}

/** For `isUp`: something answers there, with a status that is right. */
export function answers(url, isRight = (status) => status < 500) {
  return async () => {
    const response = await fetch(url, { signal: AbortSignal.timeout(2000) });
    await response.arrayBuffer();
    return isRight(response.status);
  };
}
