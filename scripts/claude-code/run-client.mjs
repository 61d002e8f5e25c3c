import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { join } from "node:path";

const limitMs = 600_000;

/** The environment that a user gets from `eval "$(curl -s …/claude-code/env)"`, in a clean home. @throws Error */
async function clientEnvironment(gatewayUrl, home) {
  const answer = await fetch(`${gatewayUrl}/claude-code/env`);
  const lines = await answer.text();
  if (!answer.ok) throw new Error(`GET /claude-code/env answers ${answer.status}: ${lines}`);
  const { PATH, TMPDIR = "/tmp" } = process.env;
  const clean = { PATH, TMPDIR, HOME: home, IS_SANDBOX: "1" };
  const { stdout } = spawnSync("sh", ["-c", 'eval "$1"; env -0', "sh", lines], { env: clean });
  const pairs = String(stdout).split("\0").filter(Boolean);
  return Object.fromEntries(pairs.map((pair) => [pair.split("=")[0], pair.slice(pair.indexOf("=") + 1)]));
}

/** A clean home and an empty project that is no git repository, both in `folder`, with that environment. */
export async function makeSession(gatewayUrl, folder) {
  const [home, cwd] = [join(folder, "home"), join(folder, "project")];
  for (const path of [home, cwd]) mkdirSync(path);
  return { cwd, env: await clientEnvironment(gatewayUrl, home) };
}

/** Runs Claude Code to its end. Without `input` it has no stdin at all. */
export async function runClient(program, args, { cwd, env, input }) {
  const client = spawn(program, args, {
    cwd,
    env,
    stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
  });
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"])
    client[name].setEncoding("utf8").on("data", (text) => (output[name] += text));
  client.stdin?.end(input);
  const timer = setTimeout(() => client.kill("SIGKILL"), limitMs);
  const [code, signal] = await once(client, "close").finally(() => clearTimeout(timer));
  return { code: code ?? signal, ...output };
}
