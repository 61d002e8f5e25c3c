// `npm run test:compose`: the compose files, built and started for real, with a scripted Ollama in place of the
// real one. Beside a stack that runs already: the project has its own name, volumes and ports.
import { Checks } from "./checks.mjs";
import { fileChecks } from "./compose/file-checks.mjs";
import { gpuCheck } from "./compose/gpu-check.mjs";
import { lifeChecks } from "./compose/life-checks.mjs";
import { outsideRedisCheck } from "./compose/outside-redis-check.mjs";
import { createProject } from "./compose/project.mjs";
import { run } from "./compose/run.mjs";
import { stackChecks } from "./compose/stack-checks.mjs";

const buildLimitMs = 900_000;
const tally = new Checks();
const project = createProject(20_000 + 20 * Math.floor(Math.random() * 400));
/** What the checks share. */
const context = { project };

if (await hasCompose()) await testAll();
tally.conclude();

/** Without Docker there is nothing to test; where the tests must be complete, that is a failure. */
async function hasCompose() {
  try {
    await run("docker", ["info"]);
    await run("docker", ["compose", "version"]);
    return true;
  } catch (error) {
    process.stdout.write(`Docker with the compose plugin is needed, and is not here: ${error.message}\n`);
    if (process.env.CI) tally.failed++;
    return false;
  }
}

async function testAll() {
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => void stop(128));
  await tally.run("the images build", () =>
    project.compose(["--profile", "balancer", "build", "--quiet"], { limitMs: buildLimitMs }),
  );
  const checks = { ...fileChecks, ...gpuCheck, ...stackChecks, ...lifeChecks, ...outsideRedisCheck };
  if (tally.failed === 0)
    for (const [name, work] of Object.entries(checks)) await tally.run(name, () => work(context));
  if (tally.failed > 0)
    process.stdout.write(await project.compose(["logs", "--tail", "20"]).catch(({ message }) => message));
  await tally.run("down takes everything away", () => takeDown());
}

async function takeDown() {
  await project.compose(["--profile", "balancer", "down", "-v", "-t", "5"], { limitMs: 180_000 });
}

async function stop(code) {
  await takeDown().catch(() => undefined);
  process.exit(code);
}
