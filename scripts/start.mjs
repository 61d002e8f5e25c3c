// `npm start`: the gateway, the cache and the inference adapter in one process.
import { prepare } from "./prepare.mjs";
import { runAndExit } from "./run-and-exit.mjs";

const node = prepare();
runAndExit(node, ["dist/bundle/embedded.js", ...process.argv.slice(2)]);
