// `npm run test:host`: install.sh and start_llm_selfhost.sh in a copy of the project, with a home, a volume and a
// download source of their own, and the doctor there. OLLAMA_PROGRAM and OLLAMA_PROGRAM_MODELS name a real Ollama to try them with too.
// An argument: only the checks whose name contains it.
import { Checks } from "./checks.mjs";
import { doctorChecks } from "./host-tests/doctor-checks.mjs";
import { installChecks } from "./host-tests/install-checks.mjs";
import { storageChecks } from "./host-tests/storage-checks.mjs";
import { supervisorChecks } from "./host-tests/supervisor-checks.mjs";
import { gatewaysChecks } from "./host-tests/gateways-checks.mjs";
import { realOllamaChecks } from "./host-tests/real-ollama-checks.mjs";
import { prepare } from "./prepare.mjs";

const node = prepare();
const [wanted = ""] = process.argv.slice(2);
const tally = new Checks((error) => error.stack);
const groups = [
  installChecks,
  storageChecks,
  supervisorChecks,
  gatewaysChecks,
  doctorChecks,
  realOllamaChecks,
];
for (const makeGroup of groups) await runGroup(makeGroup);
tally.conclude();

/** Checks of a group go on from each other's results. */
async function runGroup(makeGroup) {
  const group = await makeGroup(node);
  const checks = Object.entries(group.checks).filter(([name]) => `${group.name}: ${name}`.includes(wanted));
  for (const [name, run] of checks) await tally.run(`${group.name}: ${name}`, run);
  await group.close();
}
