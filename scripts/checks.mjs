/** Runs named checks one after the other, says how each went, and counts them as `.ci/run` reads it. */
export class Checks {
  passed = 0;
  failed = 0;

  /** `describe`: what is said of a failure. */
  constructor(describe = (error) => error.message) {
    this.describe = describe;
  }

  /** A check fails when `work` throws. A text that it returns is said as well. */
  async run(name, work) {
    const startedAt = performance.now();
    const seconds = () => `${((performance.now() - startedAt) / 1000).toFixed(1)} s`;
    try {
      const remark = await work();
      this.passed++;
      const said = typeof remark === "string" && remark ? `: ${remark.trim()}` : "";
      process.stdout.write(`ok      ${name} (${seconds()})${said}\n`);
    } catch (error) {
      this.failed++;
      process.stdout.write(`FAILED  ${name} (${seconds()}): ${this.describe(error)}\n`);
    }
  }

  /** The last line, and the exit code that goes with it. */
  conclude() {
    process.stdout.write(`${this.passed} passed, ${this.failed} failed\n`);
    process.exitCode = this.failed > 0 ? 1 : 0;
  }
}
