// vitest's JSON report → "N passed, N failed". A file that cannot even be loaded has no tests that could fail.
import { readFileSync } from "node:fs";

const { numPassedTests, numFailedTests, success } = JSON.parse(readFileSync(process.argv[2], "utf8"));
console.log(`${numPassedTests} passed, ${numFailedTests || (success ? 0 : 1)} failed`);
