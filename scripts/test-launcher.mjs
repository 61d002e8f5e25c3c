// `npm run test:launcher`: claude_start.sh with a real sshd on loopback, a scripted claude and the real one.
import { equal, match } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Checks } from "./checks.mjs";
import { installClient } from "./claude-code/install-client.mjs";
import { clientChecks, versions } from "./launcher/client-checks.mjs";
import { runCutChecks } from "./launcher/cut-checks.mjs";
import { environmentChecks } from "./launcher/environment-checks.mjs";
import { failureChecks, usageChecks } from "./launcher/failure-checks.mjs";
import { isListening } from "./launcher/ports.mjs";
import { launcher, makeLaptop, runLauncher, until } from "./launcher/run-launcher.mjs";
import { startLine } from "./launcher/start-line.mjs";
import { startScriptedGateway } from "./launcher/start-scripted-gateway.mjs";
import { startSshd } from "./launcher/start-sshd.mjs";
import { terminalChecks } from "./launcher/terminal-checks.mjs";
import { endWaiting, tunnelChecks } from "./launcher/tunnel-checks.mjs";
import { prepare } from "./prepare.mjs";

const only = process.argv[2] ?? "";
const tally = new Checks();
const node = prepare();
const folder = mkdtempSync(join(tmpdir(), "llm-selfhost-launcher-"));
const sshd = await startSshd(join(folder, "sshd"));
let nextPort = 21_000 + Math.floor(Math.random() * 6000);

await check("the script has no fault that shellcheck finds", checkScript);
await check("both clients are installed", () => versions.forEach(installClient));
await Promise.all([
  cuts().catch((error) => check("the tunnel is cut", () => Promise.reject(error))),
  others(),
]);
await sshd.close();
await check("no process is left", () => until("all have ended", () => findProcesses(folder).length === 0));

if (tally.failed === 0) rmSync(folder, { recursive: true });
else process.stdout.write(`The files are in ${folder}\n`);
tally.conclude();

async function cuts() {
  if (!"cuts".includes(only)) return;
  await runCutChecks(check, { node, folder: makeFolder("cuts"), sshd, localPort: takeLocalPort });
}

/** Two at a time: they wait more than they work. */
async function others() {
  const usages = Object.entries(usageChecks).map(([name, { args, says }]) => [
    `usage: ${name}`,
    async ({ laptop }) => {
      const { code, stdout, stderr } = await runLauncher(laptop, args);
      equal(code, 2, stderr);
      match(stderr, says);
      // What evaluates it must fail.
      equal(stdout, args.includes("--print-env") ? "false\n" : "");
      equal(existsSync(join(laptop.home, "hacked")), false);
    },
  ]);
  const failures = Object.entries(failureChecks).map(([name, run]) => [
    `failure: ${name}`,
    async (context) => {
      const { code, stdout, stderr, says } = await run(context);
      match(stderr, says);
      equal(code, 1, stderr);
      equal(stdout, "");
    },
  ]);
  const groups = [tunnelChecks, environmentChecks, terminalChecks, clientChecks];
  const waiting = [...usages, ...failures, ...groups.flatMap(Object.entries)];
  const work = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const [name, run] = next;
      await check(name, () => inLaptop(name, run));
    }
  };
  await Promise.all([work(), work()]);
}

/** A laptop, a line and a gateway of its own for each check, and nothing left on any of them after it. */
async function inLaptop(name, run) {
  const place = makeFolder(name);
  const laptop = makeLaptop(place, "a");
  const [line, gateway] = [await startLine(sshd.port), await startScriptedGateway()];
  const localPort = await takeLocalPort();
  const options = { "--ssh": sshd.target, "-p": line.port, "-i": sshd.identity };
  const ports = { "--remote-port": gateway.port, "--local-port": localPort };
  const args = Object.entries({ ...options, ...ports })
    .flat()
    .map(String);
  try {
    await run({ laptop, folder: place, args, port: gateway.port, localPort, gateway, line });
    await until("the tunnel is closed", () => findProcesses(place).length === 0);
    if (existsSync(laptop.state))
      for (const tunnel of readdirSync(laptop.state))
        equal(
          readdirSync(join(laptop.state, tunnel))
            .filter((file) => file !== "known_hosts")
            .join(),
          "",
        );
  } finally {
    endWaiting(laptop);
    await runLauncher(laptop, ["--stop"]);
    await line.close();
    await gateway.close();
  }
}

function makeFolder(name) {
  return mkdtempSync(join(folder, `${name.replaceAll(/[^a-z0-9]+/gi, "-").slice(0, 40)}-`));
}

/** With nobody on the ports above it, which a start may take. */
async function takeLocalPort() {
  const port = (nextPort += 25);
  return (await isListening(port)) ? takeLocalPort() : port;
}

/** Processes that name a folder in their command line, or have been started from there. */
function findProcesses(path) {
  const read = (pid, name) => {
    try {
      return readFileSync(`/proc/${pid}/${name}`, "utf8");
    } catch {
      return "";
    }
  };
  return readdirSync("/proc")
    .filter((pid) => /^\d+$/.test(pid) && Number(pid) !== process.pid)
    .filter((pid) => read(pid, "cmdline").includes(path) || read(pid, "environ").includes(path));
}

function checkScript() {
  const { status, stdout, error } = spawnSync("shellcheck", [launcher], { encoding: "utf8" });
  equal(status, 0, stdout || String(error));
  // What bash 3.2, the one of macOS, does not have.
  const newer =
    /declare -A|local -n|mapfile|readarray|wait -n|coproc|&>>|\|&|\$\{[a-z_]+(,|\^)|\$\{[a-z_]+@|EPOCH|BASHPID|printf '%\(|read -t 0\.|\[\[ -v |;;&|;&/;
  const lines = readFileSync(launcher, "utf8").split("\n");
  equal(lines.filter((line) => newer.test(line)).join("\n"), "");
}

async function check(name, run) {
  if (!name.includes(only) && !(only === "cuts" && name.includes("cut"))) return;
  await tally.run(name, run);
}
