// vitest's results as .ci/run counts them: a line for each failure and, last, "N passed, N failed". Whoever ends a run
// that hangs is told what was under way, and gets no such line.
export default class CountingReporter {
  #underWay = new Map();
  #failures = [];
  #passed = 0;

  onInit() {
    process.once("SIGTERM", () => {
      for (const [file, test] of this.#underWay) console.log(`FAILED  under way: ${file}: ${test}`);
    });
  }

  onTestModuleQueued(module) {
    this.#underWay.set(module.relativeModuleId, "before its first test");
  }
  onTestCaseReady(test) {
    this.#underWay.set(test.module.relativeModuleId, test.fullName);
  }
  onTestCaseResult(test) {
    const { state } = test.result();
    if (state === "passed") this.#passed += 1;
    if (state === "failed") this.#failures.push(`${test.module.relativeModuleId}: ${test.fullName}`);
    this.#underWay.set(test.module.relativeModuleId, `after ${test.fullName}`);
  }
  onTestModuleEnd(module) {
    this.#underWay.delete(module.relativeModuleId);
    // Such as a file that cannot be loaded: it has no tests that could fail.
    for (const { message } of module.errors()) this.#failures.push(`${module.relativeModuleId}: ${message}`);
  }

  onTestRunEnd(_modules, errors, reason) {
    for (const { message } of errors) this.#failures.push(`outside of a test: ${message}`);
    if (reason !== "passed" && this.#failures.length === 0) this.#failures.push(`the run was ${reason}`);
    process.once("exit", () => {
      for (const failure of this.#failures) console.log(`FAILED  ${failure}`);
      console.log(`${this.#passed} passed, ${this.#failures.length} failed`);
    });
  }
}
