import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { root } from "../root.mjs";
import { endGroup, identify } from "./process-identity.mjs";
import { nextDelayMs } from "./next-delay.mjs";

const elsewhereCheckMs = 5000;

/**
 * Keeps one program running: starts it again when it has ended, however it ended, until `stop`. Where somebody
 * else's already answers on its port, that one is used, and an own one started when it is gone, where the program
 * is installed (`command`).
 */
export class Keeper {
  state = "waiting";
  starts = 0;
  since = Date.now();
  identity;
  #stopping = new AbortController();
  #child;
  #ended;

  /**
   * @param options.env what the program finds in its environment besides its own
   * @param options.stdio where its output goes
   * @param options.onChange called after each change of `state`
   * @param options.log called with a sentence
   */
  constructor(program, options) {
    this.program = program;
    this.options = options;
  }

  run() {
    this.#ended = this.#keep();
  }

  /**
   * Lets it end by itself for as long as it may take, then ends it. `SIGINT` tells the services to end at once,
   * and so does a second call.
   */
  async stop(signalName = "SIGTERM") {
    this.#stopping.abort();
    const child = this.#child;
    if (child?.exitCode === null && child.signalCode === null) {
      child.kill(signalName);
      const patience = setTimeout(() => child.kill("SIGKILL"), this.program.patienceMs);
      await this.#ended;
      clearTimeout(patience);
    }
    await this.#ended;
  }

  describe() {
    const { name, port } = this.program;
    return { name, port, state: this.state, ...this.identity, starts: this.starts, since: this.since };
  }

  async #keep() {
    let delayMs;
    while (!this.#stopping.signal.aborted) {
      if (await this.program.isElsewhere?.()) {
        this.#enter("elsewhere");
        await this.#wait(elsewhereCheckMs);
        continue;
      }
      if (this.#stopping.signal.aborted) break;
      if (this.program.command === undefined) {
        // Somebody else's has gone, and there is none of ours to take its place.
        this.#enter("waiting");
        await this.#wait(elsewhereCheckMs);
        continue;
      }
      const startedAt = performance.now();
      const end = await this.#runOnce();
      if (this.#stopping.signal.aborted) break;
      delayMs = nextDelayMs(delayMs, performance.now() - startedAt);
      this.options.log(`${this.program.name} has ended (${end}), to be started again in ${delayMs / 1000} s`);
      this.#enter("waiting");
      await this.#wait(delayMs);
    }
    this.#enter("ended");
  }

  /** @returns how it ended */
  async #runOnce() {
    const { command, args, input, env } = this.program;
    const child = spawn(command, args, {
      cwd: root,
      env: { ...this.options.env, ...env },
      // A group of its own, so that what it started itself can be found when it was killed.
      detached: true,
      stdio: [input === undefined ? "ignore" : "pipe", ...this.options.stdio],
    });
    this.#child = child;
    child.stdin?.on("error", () => {}).end(input);
    const closed = once(child, "exit").catch((error) => [error.message]);
    if (child.pid !== undefined) {
      this.identity = identify(child.pid);
      this.starts++;
      this.#enter("running");
    }
    const [code, signalName] = await closed;
    if (child.pid !== undefined) endGroup(child.pid);
    this.identity = undefined;
    return signalName ?? (typeof code === "number" ? `exit code ${code}` : code);
  }

  #enter(state) {
    if (state === this.state && state !== "running") return;
    this.state = state;
    this.since = Date.now();
    this.options.onChange();
  }

  #wait(milliseconds) {
    return delay(milliseconds, undefined, { signal: this.#stopping.signal }).catch(() => {});
  }
}
