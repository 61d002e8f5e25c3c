import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { root } from "../root.mjs";

/** What belongs to a running stack: its log, its state, what a local Redis keeps. */
export const runFolder = join(root, "run");
export const logName = "llm-selfhost.log";
export const logPath = join(runFolder, logName);
export const statePath = join(runFolder, "state.json");
export const redisFolder = join(runFolder, "redis");

/** For their owner only: Redis lets everybody read its files, in which all answers are. */
export function makeRunFolders() {
  mkdirSync(redisFolder, { recursive: true, mode: 0o700 });
}
