// What every script needs first: the packages installed and the program built. Quick when both are done.
// Runs on Node 20 and newer, without a dependency.
import { spawnSync } from "node:child_process";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildStamp, isBuilt, stampPath } from "./build-stamp.mjs";
import { findNode } from "./find-node.mjs";
import { isInstalled } from "./is-installed.mjs";
import { oneAtATime } from "./one-at-a-time.mjs";
import { root } from "./root.mjs";

const oldestNode = 20;
const lockPath = join(root, ".local/prepare.lock");

/**
 * Installs and builds what is missing, or says why it cannot and ends. Returns the program of Node 24. `mayBeOld`: what
 * was built is good enough, so that looking and stopping change nothing, and work where a build would fail.
 */
export function prepare({ mayBeOld = false } = {}) {
  checkNode();
  const isEnough = mayBeOld && existsSync(join(root, "dist/bundle"));
  if (!isEnough && !(isInstalled() && isBuilt())) oneAtATime(lockPath, makeWhole, sayWaiting);
  return needNode();
}

function makeWhole() {
  if (!isInstalled()) install();
  const node = needNode();
  if (!isBuilt()) build(node);
}

function needNode() {
  const node = findNode();
  if (typeof node === "object") fail(node.fault);
  return node;
}

function sayWaiting() {
  say("Another start installs or builds here; waiting for it ...");
}

function checkNode() {
  if (Number(process.versions.node.split(".")[0]) >= oldestNode) return;
  fail(
    `Node ${oldestNode} or newer is needed, this is ${process.version}: see https://nodejs.org/en/download`,
  );
}

function install() {
  say("Installing the packages (first start, about 20 s) ...");
  // With NODE_ENV=production npm would leave out what builds the program, and Node 24 with it.
  const { command, args } = npm("ci", "--include=dev", "--no-audit", "--no-fund", "--loglevel=error");
  const { status, signal, error } = spawnSync(command, args, {
    cwd: root,
    env: withoutStrayConfig(),
    stdio: ["ignore", "ignore", "inherit"],
  });
  if (status === 0) return;
  const reason = error?.message ?? signal ?? `exit code ${status}`;
  fail(`npm ci failed (${reason}). Its message stands above; "npm ci" in ${root} shows all of it.`);
}

/** npm itself where npm runs this script: another one on the PATH may be older. */
function npm(...args) {
  const running = process.env.npm_execpath ?? "";
  if (running.endsWith("npm-cli.js")) return { command: process.execPath, args: [running, ...args] };
  return { command: "npm", args };
}

/** `npm start --port 8001` hands npm a setting that it does not know and would warn of again. */
function withoutStrayConfig() {
  const { npm_config_port: _port, npm_config_debug: _debug, ...env } = process.env;
  return env;
}

/** Builds the program with the packages that are there. `node`: the program of Node 24. */
export function build(node) {
  say("Building ...");
  const stamp = buildStamp();
  // A build that breaks off leaves nothing that looks whole.
  rmSync(stampPath, { force: true });
  const steps = [
    [join(root, "node_modules/@nestjs/cli/bin/nest.js"), "build"],
    [join(root, "scripts/bundle.mjs")],
  ];
  for (const step of steps) {
    const { status, stdout, stderr } = spawnSync(node, step, { cwd: root, encoding: "utf8" });
    if (status !== 0) fail(`The build failed:\n${stdout}${stderr}`);
  }
  writeFileSync(stampPath, stamp);
}

/** On stderr: stdout belongs to what is started. */
function say(text) {
  process.stderr.write(`${text}\n`);
}

function fail(message) {
  say(message);
  process.exit(1);
}
