import { spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { findFreePorts } from "../../tests/support/free-ports.ts";
import { root } from "../root.mjs";

const startLimitMs = 30_000;
const readyLimitMs = 600_000;
/** What a user may have set for his own stack, and what this one must not have: it starts with an empty cache. */
const notOurs =
  /^(REDIS_|CACHE_|API_|INFERENCE_(?!BACKEND)|ADMIN_KEY|INNER_TOKEN|LOG_|npm_config_(port|debug))/;

/**
 * The built stack on free ports with a fresh cache in memory and these settings over the environment. Its log
 * goes into `folder`. @throws Error
 */
export async function startStack(node, folder, settings = {}) {
  const [gatewayPort, cachePort, adapterPort] = await findFreePorts(3);
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !notOurs.test(name)));
  const stack = spawn(node, [join(root, "dist/bundle/embedded.js"), "--port", String(gatewayPort)], {
    cwd: folder,
    env: { ...env, ...settings, CACHE_PORT: String(cachePort), INFERENCE_PORT: String(adapterPort) },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const log = join(folder, "stack.log");
  const logFile = createWriteStream(log);
  stack.stdout.pipe(logFile, { end: false });
  stack.stderr.pipe(logFile, { end: false });
  const url = `http://localhost:${gatewayPort}`;
  const close = () => closeProcess(stack);
  try {
    await waitFor(`${url}/health/live`, stack, startLimitMs);
    await waitFor(`${url}/health/ready`, stack, readyLimitMs);
  } catch (error) {
    await close();
    throw new Error(`${error.message}; the log is ${log}`, { cause: error });
  }
  return { url, port: gatewayPort, adapterUrl: `http://127.0.0.1:${adapterPort}`, log, close };
}

async function waitFor(url, stack, limitMs) {
  const endsAt = Date.now() + limitMs;
  let answer = "no answer";
  while (Date.now() < endsAt) {
    if (stack.exitCode !== null) throw new Error(`The stack has ended with exit code ${stack.exitCode}`);
    const reply = await fetch(url).catch(() => undefined);
    if (reply?.ok) return;
    answer = (await reply?.text()) ?? answer;
    if (answer.includes('"missing"')) break;
    await delay(200);
  }
  throw new Error(`${url} does not become ready: ${answer}`);
}

async function closeProcess(stack) {
  if (stack.exitCode !== null) return;
  stack.kill("SIGINT");
  await once(stack, "exit");
}
