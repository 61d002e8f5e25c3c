import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { root } from "./root.mjs";

const neededNode = 24;

/**
 * The Node that runs the program: the one that npm installed here, or the one that runs this script if that
 * is new enough. `{ fault }` says what to do when neither is.
 */
export function findNode() {
  const installed = join(root, "node_modules/.bin/node");
  const found = [installed, process.execPath].find((program) => versionOf(program) >= neededNode);
  return found ?? { fault: faultOf(installed) };
}

function versionOf(program) {
  const { stdout } = spawnSync(program, ["--version"], { encoding: "utf8" });
  return Number(/^v(\d+)\./.exec(stdout ?? "")?.[1] ?? 0);
}

function faultOf(program) {
  return [
    `Node ${neededNode} is needed to run; npm should have installed it as ${program}, but that does not run.`,
    `Install scripts are probably switched off: run "npm rebuild node --ignore-scripts=false" in ${root},`,
    `or start with a Node ${neededNode} of your own (this one is ${process.version}).`,
  ].join("\n");
}
