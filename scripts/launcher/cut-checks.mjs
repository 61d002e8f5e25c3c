import { equal } from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { readMetrics } from "../claude-code/read-metrics.mjs";
import { startStack } from "../claude-code/start-stack.mjs";
import { installOn, versions } from "./client-checks.mjs";
import { startLine } from "./start-line.mjs";
import { startFakeOllama } from "./start-fake-ollama.mjs";
import { makeLaptop, startLauncher, until } from "./run-launcher.mjs";

const cutMs = 40_000;
/** How many seconds an answer takes: one ends while the tunnel is cut, the other long after. */
const lengths = { long: 110, short: 30 };

const words = (name, seconds) => Array.from({ length: seconds }, (_, second) => `${name}${second} `);
const script = (name, seconds) => words(name, seconds).flatMap((text) => [{ text }, { delayMs: 1000 }]);

/** The real clients, behind real tunnels that are cut for 40 s in the middle of their answers. */
export async function runCutChecks(check, { node, folder, sshd, localPort }) {
  const ollama = await startFakeOllama(node);
  const stackFolder = join(folder, "stack");
  mkdirSync(stackFolder);
  const settings = { OLLAMA_HOST: ollama.host, MODEL_NAME: "tiny", INFERENCE_CONCURRENCY: "8" };
  const stack = await startStack(node, stackFolder, settings);
  try {
    // The long ones are asked first, so that all still run when the tunnel is cut.
    const cases = Object.keys(lengths).flatMap((length) =>
      ["silence", "cut"].flatMap((way) => versions.map((version) => ({ way, length, version }))),
    );
    await runCases(check, cases, { folder, sshd, ollama, stack, localPort });
  } finally {
    await stack.close();
    await ollama.close();
  }
}

async function runCases(check, cases, { folder, sshd, ollama, stack, localPort }) {
  const lines = { silence: await startLine(sshd.port), cut: await startLine(sshd.port) };
  // The scripts are taken in the order in which the questions come.
  for (const { way, length } of cases) await ollama.script(script(way + length, lengths[length]), 1);
  let asked = 0;
  const running = [];
  for (const { way, length, version } of cases) {
    const laptop = makeLaptop(folder, `${way} ${length} ${version}`);
    installOn(laptop, version);
    const args = [
      "--ssh",
      sshd.target,
      "-p",
      lines[way].port,
      "-i",
      sshd.identity,
      "--remote-port",
      stack.port,
      "--local-port",
      await localPort(),
    ];
    const client = ["-p", `Count, ${way} ${length} ${version}.`, "--output-format", "json"];
    running.push(startLauncher(laptop, [...args, "--", ...client].map(String)));
    asked++;
    await until(
      `${way} ${length} ${version} is asked`,
      async () => (await ollama.generations()) === asked,
      60_000,
    );
  }
  await delay(3000);
  lines.silence.silence();
  await lines.cut.cut();
  await delay(cutMs);
  await lines.silence.restore();
  await lines.cut.restore();
  for (const [index, { way, length, version }] of cases.entries())
    await check(
      `${version}: the tunnel is cut (${way}) for 40 s in a ${length} answer, and nothing is lost`,
      async () => {
        const { code, stdout, stderr } = await running[index].done;
        equal(code, 0, `${stdout}${stderr}`);
        const { result } = JSON.parse(stdout);
        equal(
          result.trim(),
          words(way + length, lengths[length])
            .join("")
            .trim(),
        );
      },
    );
  await check("and nothing was generated twice", async () => {
    const { generations } = await readMetrics(stack);
    equal(generations, cases.length);
    equal(await ollama.generations(), cases.length);
  });
  for (const line of Object.values(lines)) await line.close();
}
