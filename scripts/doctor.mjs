// `npm run doctor`: what is wrong, and how to mend it. Runs on any Node from 20 on, also where nothing is installed.
import { findNode } from "./find-node.mjs";
import { runAndExit } from "./run-and-exit.mjs";

const node = findNode();
runAndExit(typeof node === "string" ? node : process.execPath, [
  "scripts/doctor/main.mjs",
  ...process.argv.slice(2),
]);
