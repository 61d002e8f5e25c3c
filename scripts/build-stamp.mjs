import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { root } from "./root.mjs";

const sourceFolders = ["services", "libs", "embedded"];
const settingFiles = [
  "package.json",
  "package-lock.json",
  "nest-cli.json",
  "tsconfig.json",
  "tsconfig.build.json",
  "scripts/bundle.mjs",
];
const assetFolder = join("status-page", "page");
const notBuilt = /\.(spec|contract)\.ts$|__fixtures__/;

/** Holds the stamp of the sources that dist was built from. */
export const stampPath = join(root, "dist/.build-stamp");

export function isBuilt() {
  return existsSync(stampPath) && readFileSync(stampPath, "utf8") === buildStamp();
}

/** Over names, sizes and times, not contents: it is made at every start. */
export function buildStamp() {
  const stamp = createHash("sha256");
  for (const path of [...settingFiles, ...sourceFolders.flatMap(listSources)]) {
    const { size, mtimeMs } = statSync(join(root, path));
    stamp.update(`${path} ${size} ${mtimeMs}\n`);
  }
  return stamp.digest("hex");
}

function listSources(folder) {
  return readdirSync(join(root, folder), { recursive: true })
    .map((path) => join(folder, String(path)))
    .filter((path) => (path.endsWith(".ts") || dirname(path).endsWith(assetFolder)) && !notBuilt.test(path))
    .sort();
}
