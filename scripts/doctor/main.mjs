// The doctor: runs all checks, prints what they found. Exit code 1 where something is broken.
import { readFileSync } from "node:fs";
import { readEnvironment, readSettings } from "../host/settings.mjs";
import { runningState } from "../host/state.mjs";
import { readOptions } from "../read-options.mjs";
import { checkClient } from "./check-client.mjs";
import { checkInstallation } from "./check-installation.mjs";
import { checkMachine, describeGpu, findGpu } from "./check-machine.mjs";
import { checkOllama } from "./check-ollama.mjs";
import { checkServices } from "./check-services.mjs";
import { describeBudget } from "./describe-budget.mjs";
import { broken, ok } from "./finding.mjs";

const usage = `npm run doctor -- [options]

  --url URL   look at a gateway from outside, through a tunnel (default: ANTHROPIC_BASE_URL where it is set)
  --host      look at this machine only
  --json      the findings as JSON
`;

const options = { url: { type: "string" }, host: { type: "boolean" }, json: { type: "boolean" } };
const { values } = readOptions({ options }, usage);
const result = await examine(values);
process.stdout.write(values.json ? `${JSON.stringify(result, null, 2)}\n` : toText(result));
process.exitCode = result.findings.some(({ state }) => state === "broken") ? 1 : 0;

/** With --url only what can be seen from outside; else this machine, and the client's side where it is set up here. */
async function examine({ url, host }) {
  if (url) return { findings: await checkClient(url, process.env) };
  const client = process.env.ANTHROPIC_BASE_URL;
  const here = await examineHost();
  if (client && !host) here.findings.push(...(await checkClient(client, process.env)));
  return here;
}

async function examineHost() {
  const findings = checkInstallation();
  let env = runningEnvironment();
  try {
    env = { ...env, ...readEnvironment() };
  } catch (error) {
    return { findings: [...findings, ...toFaults(error)] };
  }
  const gpu = findGpu();
  findings.push(...checkMachine(env), describeGpu(gpu));
  if (findings[0].state === "broken") return { findings };
  let settings;
  try {
    settings = await readSettings(env);
  } catch (error) {
    return { findings: [...findings, ...toFaults(error)] };
  }
  findings.push(ok("configuration", "all values are valid"));
  findings.push(...(await checkServices(settings, env)));
  const ofModel = findings.find(({ check }) => check === "model")?.state;
  const { findings: ofOllama, model } = await checkOllama(settings, ofModel);
  const {
    findings: ofBudget,
    lines,
    budget,
  } = describeBudget({ gpu, model, adapter: settings.adapter, env });
  return { findings: [...findings, ...ofOllama, ...ofBudget], lines, budget };
}

function toFaults({ faults, message }) {
  return (faults ?? [message]).map((fault) => broken("configuration", fault, "correct it in .env"));
}

/** What the running stack was started with: in a container another shell does not have it. */
function runningEnvironment() {
  const state = runningState();
  if (!state) return {};
  try {
    return parseEnviron(readFileSync(`/proc/${state.supervisor.pid}/environ`, "utf8"));
  } catch {
    return {};
  }
}

function parseEnviron(text) {
  const lines = text.split("\0").filter((line) => line.includes("="));
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
  );
}

function toText({ findings, lines = [] }) {
  const width = Math.max(...findings.map(({ check }) => check.length));
  const words = { ok: "ok     ", warning: "WARNING", broken: "BROKEN " };
  const found = findings.flatMap(({ check, state, text, fix }) => [
    `  ${words[state]}  ${check.padEnd(width)}  ${text}`,
    ...(fix ? [`${" ".repeat(width + 13)}→ ${fix}`] : []),
  ]);
  const count = (state) => findings.filter((finding) => finding.state === state).length;
  return `${[...found, "", ...lines, "", `${count("broken")} broken, ${count("warning")} warnings`].join("\n")}\n`;
}
