import { hideCredentials } from "#platform/hide-credentials.js";
import { createLogger, openStdout } from "#platform/logging.js";
import { packageVersion } from "#platform/package-version.js";
import { toRedisOptions } from "../../services/cache/src/redis/to-redis-options.js";
import { parseApiKeys } from "../../services/gateway/src/access/parse-api-keys.js";
import { askOllama } from "./ask-ollama.js";
import type { Embedded } from "./start-embedded.js";
import { toModelLine, toStartReport } from "./to-start-report.js";

/** Prints where everything is and how to go on; plainly, whatever the log's format is. */
export async function reportStart(embedded: Embedded): Promise<void> {
  const { configuration, gateway, cacheUrl, inferenceUrl } = embedded;
  const { API_KEYS, API_KEYS_FILE } = configuration.gateway;
  const redis = toRedisOptions(configuration.cache);
  const report = toStartReport({
    version: packageVersion(),
    gatewayUrl: gateway.url.replace("//127.0.0.1:", "//localhost:"),
    cacheUrl: hideCredentials(cacheUrl),
    store: redis ? `Redis at ${redis.host}:${redis.port}` : "in memory",
    inferenceUrl: hideCredentials(inferenceUrl),
    model: await describeModel(embedded),
    needsKey: API_KEYS_FILE !== "" || parseApiKeys(API_KEYS).length > 0,
  });
  openStdout().write(report);
  if (embedded.isDemo) logger(embedded).warn("no Ollama is running: the built-in demo engine answers");
}

/** Prints that the demo is over. */
export async function reportOllama(embedded: Embedded, ollamaUrl: string): Promise<void> {
  const model = await describeModel({ ...embedded, isDemo: false, ollamaUrl });
  logger(embedded).info({ ollama: ollamaUrl }, "Ollama has appeared: the demo engine has made way");
  openStdout().write(`\nOllama has appeared, the demo engine has made way for it.\n  model     ${model}\n\n`);
}

function logger({ configuration }: Embedded) {
  return createLogger("embedded", configuration.gateway);
}

async function describeModel({ configuration, ollamaUrl, isDemo }: Embedded): Promise<string> {
  const {
    MODEL_NAME: model,
    MODEL_PULL: isPulled,
    INFERENCE_BACKEND,
    OPENAI_BASE_URL,
  } = configuration.adapter;
  const serverUrl = INFERENCE_BACKEND === "openai-compatible" ? OPENAI_BASE_URL : undefined;
  const state = ollamaUrl === undefined ? { models: [] } : await askOllama(ollamaUrl);
  return toModelLine({ model, ollamaUrl, serverUrl, state, isDemo, isPulled });
}
