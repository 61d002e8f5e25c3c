// `npm run compatibility`: what a client of the Messages API can see, on Node 24, with the program built.
import { prepare } from "./prepare.mjs";
import { runAndExit } from "./run-and-exit.mjs";

const node = prepare();
runAndExit(node, ["benchmarks/compatibility/run.mjs", ...process.argv.slice(2)]);
