import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { root } from "../root.mjs";

/** Where install.sh puts what belongs to the project alone. */
const ownFolder = join(root, ".local/bin");

/** The path of a program: the project's own before the machine's; undefined where there is neither. */
export function findProgram(name, path = process.env.PATH ?? "") {
  return [ownFolder, ...path.split(delimiter)].map((folder) => join(folder, name)).find(isExecutable);
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
