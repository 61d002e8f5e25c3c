// `npm run test:one-process`: what the services do together, once more where they call each other in one process as
// `npm start` runs them, instead of over HTTP. Arguments go to vitest.
import { prepare } from "./prepare.mjs";
import { runAndExit } from "./run-and-exit.mjs";

const together = `messages features claude-code raw-mode sessions generations recorder turns cache near-tier
  replicas rate-limits idle faults shutdown`;
const specs = together.split(/\s+/).map((name) => `tests/e2e/${name}`);

process.env.STACK = "one-process";
const node = prepare();
runAndExit(node, [
  "node_modules/vitest/vitest.mjs",
  "run",
  ...specs,
  "tests/hostile/bodies",
  ...process.argv.slice(2),
]);
