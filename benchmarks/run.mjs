// npm run bench [-- --short]: see README.md beside this file.
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { chooseCpus, pinThisProcess } from "./processes/cpus.mjs";
import { readOptions } from "../scripts/read-options.mjs";
import { Children } from "./processes/children.mjs";
import { describeMachine, readLoad } from "./report/describe-machine.mjs";
import { summarize } from "./report/summarize.mjs";
import { writeReport } from "./report/write-report.mjs";
import { fillCaches } from "./scenarios/fill-caches.mjs";
import { hitScenarios } from "./scenarios/hits.mjs";
import { measure, warmUp } from "./scenarios/measure.mjs";
import { missScenarios } from "./scenarios/misses.mjs";
import { realOllamaScenarios } from "./scenarios/real-ollama.mjs";
import { measureStarts } from "./scenarios/starts.mjs";
import { streamScenarios } from "./scenarios/streams.mjs";
import { repository } from "./targets/paths.mjs";
import { startRealOllamaTargets } from "./targets/real-ollama.mjs";
import { startTargets } from "./targets/start-targets.mjs";

const groups = ["hits", "misses", "streams", "ollama", "start"];
const ownDist = join(repository, "dist");
const usage = `npm run bench -- [options]

  --short             shorter slices, fewer rounds and connection counts
  --only A,B          of ${groups.join(", ")}
  --with litellm      beside LiteLLM, which is installed
  --dist FOLDER       another build
  --against FOLDER    a second build beside it

OLLAMA_HOST and MODEL_NAME name a real Ollama. See benchmarks/README.md.
`;
const { values: options } = readOptions(
  {
    options: {
      short: { type: "boolean", default: false },
      only: { type: "string", default: groups.join(",") },
      with: { type: "string" },
      dist: { type: "string", default: ownDist },
      against: { type: "string" },
    },
  },
  usage,
);
const timing = options.short
  ? { rounds: 2, sliceMs: 160, warmUpMs: 220, streamsEach: 1, hitConnections: [1, 64], missConnections: [1] }
  : {
      rounds: 3,
      sliceMs: 600,
      warmUpMs: 20_000,
      streamsEach: 2,
      hitConnections: [1, 16, 64],
      missConnections: [1, 16, 64],
    };

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
  const wanted = options.only.split(",");
  if (wanted.some((group) => !groups.includes(group))) throw new Error(`--only knows ${groups.join(", ")}`);
  if (options.with !== undefined && options.with !== "litellm") throw new Error("--with knows litellm");
  const dist = toDist(options.dist);
  const machine = describeMachine({ repository, pinned, mode: options.short ? "short run" : "full run" });
  if (pinned) pinThisProcess(pinned.load);
  const targets = await startTargets({
    children,
    loadCpu: pinned?.load,
    dist,
    againstDist: options.against && toDist(options.against),
    isWithLitellm: options.with === "litellm",
  });
  const ollamaHost = process.env.OLLAMA_HOST;
  const results = [];
  const misses = missScenarios(targets, timing);
  // First, because memory is judged under this load and not after all the others, nor after a long warm-up.
  if (wanted.includes("streams")) {
    for (const scenario of misses.filter(({ connections }) => connections === 1))
      await warmUp(scenario, Math.min(2000, timing.warmUpMs));
    await measureAll(streamScenarios(targets));
  }
  if (wanted.includes("hits")) {
    const { three, one, redisTier, against, litellm } = targets;
    await fillCaches([three, one, redisTier, against, litellm].filter(Boolean), targets.upstream);
    await measureAll(hitScenarios(targets, timing));
  }
  if (wanted.includes("misses")) await measureAll(misses);
  if (wanted.includes("ollama") && ollamaHost) {
    const real = await startRealOllamaTargets(targets.context, ollamaHost, process.env.MODEL_NAME);
    await measureAll(realOllamaScenarios(real));
  }
  const starts = wanted.includes("start")
    ? await measureStarts(targets.context, { rounds: timing.rounds, isOwnBuild: dist === ownDist })
    : [];
  const leftOut = [
    targets.nginx ? undefined : "nginx, which is not installed",
    targets.litellm ? undefined : "LiteLLM, without --with litellm",
    ollamaHost ? undefined : "a real Ollama, without OLLAMA_HOST",
  ].filter(Boolean);
  const report = { machine: { ...machine, loadAfter: readLoad(), leftOut }, timing, results, starts };
  const { markdown, folder } = writeReport(report);
  console.log(`${markdown}\nWritten to ${folder}`);

  async function measureAll(scenarios) {
    for (const scenario of scenarios) {
      // Each size and kind begins with one connection.
      if (scenario.connections === 1) await warmUp(scenario, timing.warmUpMs);
      results.push(await measureScenario(scenario, targets));
    }
  }
}

async function measureScenario(scenario, targets) {
  const { group, stream, size, connections, spreadMs, baseline, pipe } = scenario;
  process.stderr.write(`${group}, ${stream ? "stream" : "unary"}, ${size}, ${connections} connection(s)\n`);
  const slices = await measure(scenario, targets, timing);
  const summaries = scenario.targets.map(({ name, isOurs = false }) => ({
    name,
    isOurs,
    ...summarize(slices.get(name), slices.get(baseline.name)),
  }));
  return {
    group,
    stream,
    size,
    connections,
    spreadMs,
    baseline: baseline.name,
    pipe: pipe?.name,
    targets: summaries,
  };
}

/** A folder with a build. Results of another run are refused: only what was measured in turns compares. */
function toDist(path) {
  const dist = resolve(path);
  if (existsSync(join(dist, "bundle"))) return dist;
  throw new Error(
    `${dist} holds no build: npm run build makes one. Figures of two runs do not compare; two builds in one run do.`,
  );
}
