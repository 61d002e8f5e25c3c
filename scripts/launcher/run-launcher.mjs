import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { root } from "../root.mjs";

export const launcher = join(root, "claude_start.sh");

/** Writes down how it was started, as lines NAME=value, then does what FAKE_CLAUDE says. */
const fakeClaude = `#!/bin/sh
{ printf 'arguments=%s\\n' "$#"; for argument; do printf 'argument=%s\\n' "$argument"; done; env; } >"$HOME/claude.started"
eval "\${FAKE_CLAUDE:-cat; exit 7}"
`;

/** A laptop: a home and a PATH of its own, both with a space in their names, and a claude that is a script. */
export function makeLaptop(folder, name) {
  const home = join(folder, `laptop ${name}`);
  const programs = join(home, "programs of mine");
  mkdirSync(programs, { recursive: true });
  writeFileSync(join(programs, "claude"), fakeClaude);
  chmodSync(join(programs, "claude"), 0o755);
  const { TMPDIR = "/tmp", PATH } = process.env;
  const env = { PATH: `${programs}:${PATH}`, HOME: home, TMPDIR, IS_SANDBOX: "1" };
  return {
    home,
    programs,
    env,
    started: join(home, "claude.started"),
    state: join(home, ".local/state/llm-selfhost/tunnels"),
  };
}

/**
 * Starts the launcher in a session without a terminal; `done` has its exit code and all that it said. Without
 * `input` it has no stdin, with null the caller writes there.
 */
export function startLauncher({ home, env }, args, { input, env: more = {}, program = launcher } = {}) {
  const child = spawn(program, args, {
    cwd: home,
    env: { ...env, ...more },
    stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
    detached: true,
  });
  const said = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"])
    child[name].setEncoding("utf8").on("data", (text) => (said[name] += text));
  if (typeof input === "string") child.stdin.end(input);
  const done = once(child, "close").then(([code, signal]) => ({ code: code ?? signal, ...said }));
  return { child, said, done };
}

export async function runLauncher(laptop, args, options) {
  return startLauncher(laptop, args, options).done;
}

/** @throws Error saying what was waited for */
export async function until(what, isTrue, limitMs = 15_000) {
  const endsAt = Date.now() + limitMs;
  while (!(await isTrue())) {
    if (Date.now() > endsAt) throw new Error(`in ${limitMs / 1000} s it did not come true that ${what}`);
    await delay(50);
  }
}
