import { equal } from "node:assert/strict";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeKey } from "./start-sshd.mjs";
import { runLauncher } from "./run-launcher.mjs";

/** Connects once, then puts another key in the place of the one that is remembered. */
export async function changeHostKey(laptop, args, folder) {
  equal((await runLauncher(laptop, args)).code, 7);
  equal((await runLauncher(laptop, ["--stop"])).code, 0);
  const known = join(laptop.state, readdirSync(laptop.state)[0], "known_hosts");
  const original = readFileSync(known, "utf8");
  const other = join(folder, "other host key");
  makeKey(other);
  const [host, type] = original.split(" ");
  const [, key] = readFileSync(`${other}.pub`, "utf8").split(" ");
  writeFileSync(known, `${host} ${type} ${key}\n`);
  return { known, original };
}
