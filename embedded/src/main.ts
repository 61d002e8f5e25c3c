import { closeOnSignal, startError } from "#platform/bootstrap.js";
import { giveBackMemory } from "#platform/give-back-memory.js";
import { letHeapGrow } from "#platform/let-heap-grow.js";
import { loadEnvFile } from "#platform/load-config.js";
import { type Options, parseOptions, usage } from "./parse-options.js";
import { reportOllama, reportStart } from "./report-start.js";
import { type Embedded, startEmbedded } from "./start-embedded.js";
import { StartError } from "./start-error.js";

try {
  const options = parseOptions(process.argv.slice(2), process.env);
  if (options.help) process.stdout.write(usage);
  else await run(options);
} catch (error) {
  process.stderr.write(`${error instanceof StartError ? error.message : startError(error)}\n`);
  process.exit(1);
}

async function run(options: Options): Promise<void> {
  letHeapGrow();
  loadEnvFile();
  const env = { ...process.env };
  if (options.port !== undefined) env["API_PORT"] = options.port;
  if (options.debug) env["LOG_LEVEL"] = "debug";
  let embedded: Embedded | undefined;
  const onOllama = (url: string) => embedded && void reportOllama(embedded, url);
  embedded = await startEmbedded(env, { onOllama });
  closeOnSignal((drainTimeoutMs) => embedded.close(drainTimeoutMs));
  giveBackMemory();
  await reportStart(embedded);
}
