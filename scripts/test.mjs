// `npm test`: all tests, on Node 24. Arguments go to vitest: `npm test -- embedded`.
import { prepare } from "./prepare.mjs";
import { runAndExit } from "./run-and-exit.mjs";

const node = prepare();
runAndExit(node, ["node_modules/vitest/vitest.mjs", "run", ...process.argv.slice(2)]);
