// `npm run gateway -- --port 8001`: one gateway on its own; cache and adapter run elsewhere (CACHE_URL, INFERENCE_URL).
import { prepare } from "./prepare.mjs";
import { runAndExit } from "./run-and-exit.mjs";

const node = prepare();
runAndExit(node, ["dist/bundle/gateway.js", ...process.argv.slice(2)]);
