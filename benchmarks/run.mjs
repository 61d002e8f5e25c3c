// npm run bench [-- --short]: see README.md beside this file.
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { chooseCpus, pinThisProcess } from "./processes/cpus.mjs";
import { Children } from "./processes/children.mjs";
import { describeMachine, readLoad } from "./report/describe-machine.mjs";
import { summarize } from "./report/summarize.mjs";
import { writeReport } from "./report/write-report.mjs";
import { fillCaches } from "./scenarios/fill-caches.mjs";
import { hitScenarios } from "./scenarios/hits.mjs";
import { measure, warmUp } from "./scenarios/measure.mjs";
import { missScenarios } from "./scenarios/misses.mjs";
import { repository } from "./targets/paths.mjs";
import { startTargets } from "./targets/start-targets.mjs";

const { values: options } = parseArgs({
  options: {
    short: { type: "boolean", default: false },
    only: { type: "string" },
    dist: { type: "string", default: join(repository, "dist") },
    against: { type: "string" },
  },
});
const timing = options.short
  ? { rounds: 2, sliceMs: 160, warmUpMs: 220, hitConnections: [1, 64], missConnections: [1] }
  : { rounds: 3, sliceMs: 700, warmUpMs: 800, hitConnections: [1, 16, 64], missConnections: [1, 16] };
const groups = { hits: hitScenarios, misses: missScenarios };

const pinned = chooseCpus();
const children = new Children(pinned?.services);
for (const signal of ["SIGINT", "SIGTERM"])
  process.once(signal, () => void children.stopAll().finally(() => process.exit(130)));

try {
  await run();
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  await children.stopAll();
}

async function run() {
  const dist = resolve(options.dist);
  if (!existsSync(join(dist, "services"))) throw new Error(`${dist} holds no build: npm run build makes one`);
  const machine = describeMachine({ repository, pinned, mode: options.short ? "short run" : "full run" });
  if (pinned) pinThisProcess(pinned.load);
  const targets = await startTargets({
    children,
    dist,
    againstDist: options.against && resolve(options.against),
  });
  await fillCaches([targets.three, targets.one, targets.redisTier, targets.against].filter(Boolean));
  const results = [];
  for (const [group, toScenarios] of Object.entries(groups)) {
    if (options.only && options.only !== group) continue;
    const scenarios = toScenarios(targets, timing);
    await warmUp(scenarios, timing.warmUpMs);
    for (const scenario of scenarios) results.push(await measureScenario(scenario, targets));
  }
  const report = { machine: { ...machine, loadAfter: readLoad() }, timing, results };
  const { markdown, path } = writeReport(report);
  console.log(`${markdown}\nWritten to ${path}.md and .json`);
}

async function measureScenario(scenario, { redis }) {
  const { group, stream, size, connections, baseline } = scenario;
  process.stderr.write(`${group}, ${stream ? "stream" : "unary"}, ${size}, ${connections} connection(s)\n`);
  const { slices, bodyBytes } = await measure(scenario, redis, timing);
  const targets = [...slices].map(([name, of]) => ({ name, ...summarize(of, slices.get(baseline.name)) }));
  return { group, stream, size, bodyBytes, connections, baseline: baseline.name, targets };
}
