import { spawn } from "node:child_process";
import { once } from "node:events";
import { openSync, readdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

const startLimitMs = 30_000;

/** A program that is broken on purpose. Whoever ends it goes through here, so an end of its own is noticed. */
export class ManagedProcess {
  #child;
  #isWanted = false;
  isStopped = false;

  /** `isUp`: resolves true when it answers. `onCrash` is called when it ends unasked. */
  constructor(name, { command, args, env, log, isUp, onCrash }) {
    Object.assign(this, { name, isUp, onCrash });
    process.once("exit", () => this.#child?.kill("SIGKILL"));
    this.#start = () =>
      spawn(command, args, {
        env: { PATH: process.env.PATH, ...env },
        cwd: "/tmp",
        stdio: ["ignore", openSync(log, "a"), openSync(log, "a")],
      });
  }
  #start;

  get pid() {
    return this.#child.pid;
  }
  get openFiles() {
    return readdirSync(`/proc/${this.pid}/fd`).length;
  }

  launch() {
    const child = this.#start();
    this.#child = child;
    this.#isWanted = true;
    child.once("exit", (code, signal) => {
      if (this.#isWanted && child === this.#child)
        this.onCrash(`${this.name} ended by itself: ${code ?? signal}`);
    });
  }

  /** @throws when it does not answer in time */
  async launchAndWait() {
    this.launch();
    const endsAt = performance.now() + startLimitMs;
    while (!(await this.isUp().catch(() => false))) {
      if (performance.now() > endsAt) throw new Error(`${this.name} did not start`);
      await sleep(50);
    }
  }

  signal(name) {
    this.#child.kill(name);
  }
  stop() {
    this.isStopped = true;
    this.signal("SIGSTOP");
  }
  resume() {
    this.isStopped = false;
    this.signal("SIGCONT");
  }

  /** As a crash. */
  async kill() {
    this.#isWanted = false;
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, "exit");
    this.signal("SIGKILL");
    await ended;
  }

  /** As an operator does; answers under way may be finished. */
  async end(limitMs) {
    this.#isWanted = false;
    const ended = once(this.#child, "exit");
    this.signal("SIGTERM");
    await Promise.race([ended, sleep(limitMs)]);
    await this.kill();
  }
}
