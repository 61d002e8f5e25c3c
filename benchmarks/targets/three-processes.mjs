import { join } from "node:path";
import { findFreePort } from "../../tests/support/free-ports.ts";
import { answers } from "../processes/children.mjs";

const host = "127.0.0.1";
/** As many at once as the load has connections; otherwise a miss waits for the one before it. */
const concurrency = { INFERENCE_CONCURRENCY: "64", INFERENCE_QUEUE_LIMIT: "256" };
/** As in docker/Dockerfile. */
const youngGenerationMb = { gateway: 16, cache: 4, "inference-adapter": 8 };
const listsModels = (url) => answers(`${url}/v1/models`, (status) => status === 200);

/**
 * The product as it is deployed: gateway, cache service and inference adapter, built, with Redis, started
 * together. `env` goes to all three, `cacheEnv` to the cache service and `gatewayEnv` to the gateway; `questions`
 * is how many the cache holds and is asked in turn; `toIsUp(url)` tells when the start has come to its end.
 */
export async function startThreeProcesses(
  { children, redis, upstream, dist },
  { name, questions, env = {}, cacheEnv = {}, gatewayEnv = {}, toIsUp = listsModels },
) {
  const [apiPort, cachePort, inferencePort] = [
    await findFreePort(),
    await findFreePort(),
    await findFreePort(),
  ];
  const url = `http://${host}:${apiPort}`;
  const pids = await Promise.all([
    start("gateway", toIsUp(url), {
      API_PORT: String(apiPort),
      CACHE_URL: `http://${host}:${cachePort}`,
      INFERENCE_URL: `http://${host}:${inferencePort}`,
      ...concurrency,
      ...gatewayEnv,
    }),
    start("cache", isLive(cachePort), {
      CACHE_PORT: String(cachePort),
      REDIS_URL: redis.takeDatabase(),
      ...cacheEnv,
    }),
    start("inference-adapter", isLive(inferencePort), {
      INFERENCE_PORT: String(inferencePort),
      OLLAMA_HOST: upstream.url,
      ...concurrency,
    }),
  ]);
  return { name, url, pids, questions, isOurs: true };

  function start(service, isUp, ownEnv) {
    const script = join(dist, "bundle", `${service}.js`);
    return children.startNode(`${service} of ${name}`, script, {
      env: {
        NODE_OPTIONS: `--max-semi-space-size=${youngGenerationMb[service]}`,
        DRAIN_TIMEOUT_MS: "0",
        ...ownEnv,
        ...env,
      },
      isUp,
    });
  }
}

function isLive(port) {
  return answers(`http://${host}:${port}/health/live`, (status) => status === 200);
}
