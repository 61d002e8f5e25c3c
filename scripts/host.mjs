// ./start_llm_selfhost.sh: its commands, on Node 24, with the program installed and built.
import { prepare } from "./prepare.mjs";
import { runAndExit } from "./run-and-exit.mjs";

const node = prepare({ mayBeOld: ["status", "stop"].includes(process.argv[2]) });
runAndExit(node, ["scripts/host/main.mjs", ...process.argv.slice(2)]);
