// LiteLLM's proxy from PyPI, in a virtual environment of its own that is kept.
import { spawnSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { findFreePort } from "../../tests/support/free-ports.ts";
import { answers } from "./children.mjs";

export const litellmVersion = "1.108.0";
const startTimeoutMs = 180_000;
/** Every request of the load carries it; the proxy does not start without one. */
export const key = "sk-benchmark";

/**
 * @param models name → { model: as LiteLLM has it, baseUrl }
 * @returns where it listens, its key and its process
 */
export async function startLitellm(children, { models, redisPort }) {
  const program = installLitellm();
  const port = await findFreePort();
  const config = join(children.directory, `litellm-${port}.yaml`);
  writeFileSync(config, JSON.stringify(toConfig(models, redisPort)));
  const url = `http://127.0.0.1:${port}`;
  const args = ["--config", config, "--host", "127.0.0.1", "--port", String(port), "--num_workers", "1"];
  const env = { LITELLM_TELEMETRY: "False", LITELLM_LOCAL_MODEL_COST_MAP: "True", NO_DOCS: "True" };
  const isUp = answers(`${url}/health/liveliness`, (status) => status === 200);
  const pid = await children.start("LiteLLM", program, args, { env, isUp, startTimeoutMs });
  return { url, key, pid };
}

/** JSON is YAML too. Its cache skips conversations of more than four messages unless `max_messages` is null. */
function toConfig(models, redisPort) {
  const cache_params = { type: "redis", host: "127.0.0.1", port: redisPort, max_messages: null };
  return {
    model_list: Object.entries(models).map(([name, { model, baseUrl }]) => ({
      model_name: name,
      litellm_params: { model, api_base: baseUrl, api_key: "none" },
    })),
    litellm_settings: { drop_params: true, cache: redisPort !== undefined, cache_params },
    general_settings: { master_key: key },
  };
}

function installLitellm() {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), ".cache");
  const folder = join(cache, "llm-selfhost", `litellm-${litellmVersion}`);
  const program = join(folder, "bin", "litellm");
  if (existsSync(join(folder, "installed"))) return program;
  process.stderr.write(`Installing LiteLLM ${litellmVersion} into ${folder} (minutes) ...\n`);
  run("python3", ["-m", "venv", folder]);
  run(join(folder, "bin", "pip"), ["install", "--quiet", `litellm[proxy]==${litellmVersion}`]);
  writeFileSync(join(folder, "installed"), "");
  return program;
}

function run(command, args) {
  const { status, error } = spawnSync(command, args, { stdio: ["ignore", "ignore", "inherit"] });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} failed: ${error?.message ?? status}`);
}
