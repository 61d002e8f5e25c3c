import { existsSync } from "node:fs";
import { join } from "node:path";
import { isBuilt } from "../build-stamp.mjs";
import { findNode } from "../find-node.mjs";
import { isInstalled } from "../is-installed.mjs";
import { root } from "../root.mjs";
import { broken, ok } from "./finding.mjs";

/** Node, packages, build. Ends with the first that is missing: the others need it. */
export function checkInstallation() {
  // An image carries the built program without the means to build it.
  if (!existsSync(join(root, "package-lock.json")))
    return [ok("installation", `an image, Node ${process.version}`)];
  if (!isInstalled())
    return [
      broken(
        "installation",
        "the packages are not installed, or not all of them",
        "./install.sh, or npm start",
      ),
    ];
  const node = findNode();
  if (typeof node !== "string") return [broken("installation", node.fault)];
  if (!isBuilt())
    return [
      broken(
        "installation",
        "the program is not built, or the sources have changed since",
        "npm start or ./start_llm_selfhost.sh builds it",
      ),
    ];
  return [ok("installation", `installed and built, Node ${process.version}`)];
}
