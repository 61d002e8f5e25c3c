import { isListening } from "./ask.mjs";
import { describePortOwner } from "./port-owner.mjs";
import { StartFault } from "./start-fault.mjs";

const variables = { cache: "CACHE_PORT", "inference-adapter": "INFERENCE_PORT" };

/** @throws StartFault if a program is missing, or its port wanted by two or taken by somebody who is none of ours */
export async function checkStart(programs) {
  const faults = toSharedPorts(programs);
  for (const program of programs) {
    if (await program.isElsewhere?.()) continue;
    if (!program.command) faults.push(`The program ${program.name} is not installed: run ./install.sh`);
    const { hostname } = new URL(program.url ?? "http://127.0.0.1");
    if (await isListening(hostname, program.port)) faults.push(toTakenFault(program));
  }
  if (faults.length > 0) throw new StartFault(faults.join("\n"));
}

function toSharedPorts(programs) {
  return Object.entries(Object.groupBy(programs, ({ port }) => port))
    .filter(([, sharing]) => sharing.length > 1)
    .map(
      ([port, sharing]) =>
        `Port ${port} is to be that of ${sharing.map(({ name }) => name).join(" and ")}: see .env`,
    );
}

function toTakenFault({ name, port }) {
  const owner = describePortOwner(port) ?? "another program";
  if (name === "ollama" || name === "redis")
    return `Port ${port}, where ${name} is to be, is taken by ${owner}, which does not answer as ${name}`;
  return `Port ${port} is taken by ${owner}: stop it, or set ${variables[name] ?? "API_PORT"} in .env`;
}
