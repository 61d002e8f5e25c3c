import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** The program of one version of Claude Code, from npm; installed once and kept. @throws Error */
export function installClient(version) {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), ".cache");
  const folder = join(cache, "llm-selfhost", "claude-code", version);
  const program = join(folder, "node_modules", ".bin", "claude");
  if (versionOf(program) === version) return program;
  process.stdout.write(`Installing Claude Code ${version} into ${folder} ...\n`);
  mkdirSync(folder, { recursive: true });
  // Its install script links the program of this platform.
  const switches = ["--ignore-scripts=false", "--no-audit", "--no-fund", "--loglevel=error"];
  const args = ["install", "--prefix", folder, ...switches, `@anthropic-ai/claude-code@${version}`];
  const { status } = spawnSync("npm", args, { cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
  if (status !== 0) throw new Error(`npm cannot install Claude Code ${version}`);
  if (versionOf(program) !== version) throw new Error(`${program} is not Claude Code ${version}`);
  return program;
}

function versionOf(program) {
  const { stdout } = spawnSync(program, ["--version"], { encoding: "utf8" });
  return (stdout ?? "").split(" ")[0];
}
