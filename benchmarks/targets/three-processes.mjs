import { join } from "node:path";
import { answers, findFreePort } from "../processes/children.mjs";

const host = "127.0.0.1";
/** As many at once as the load has connections; otherwise a miss waits for the one before it. */
const concurrency = { INFERENCE_CONCURRENCY: "64", INFERENCE_QUEUE_LIMIT: "256" };

/**
 * The product as it is deployed: gateway, cache service and inference adapter, built, with Redis. `cacheEnv`
 * goes to the cache service and `gatewayEnv` to the gateway; `questions` is how many the cache holds and is asked in turn.
 */
export async function startThreeProcesses(
  { children, redis, upstream, dist },
  { name, questions, cacheEnv = {}, gatewayEnv = {} },
) {
  const [apiPort, cachePort, inferencePort] = [
    await findFreePort(),
    await findFreePort(),
    await findFreePort(),
  ];
  const cache = await start("cache", cachePort, "/health/live", {
    CACHE_PORT: String(cachePort),
    REDIS_URL: redis.takeDatabase(),
    ...cacheEnv,
  });
  const adapter = await start("inference-adapter", inferencePort, "/v1/models", {
    INFERENCE_PORT: String(inferencePort),
    OLLAMA_HOST: upstream.url,
    ...concurrency,
  });
  const gateway = await start("gateway", apiPort, "/v1/models", {
    API_PORT: String(apiPort),
    CACHE_URL: `http://${host}:${cachePort}`,
    INFERENCE_URL: `http://${host}:${inferencePort}`,
    ...concurrency,
    ...gatewayEnv,
  });
  return {
    name,
    url: `http://${host}:${apiPort}`,
    pids: [gateway, cache, adapter],
    questions,
  };

  function start(service, port, path, env) {
    const script = join(dist, "services", service, "src", "main.js");
    const isUp = answers(`http://${host}:${port}${path}`, (status) => status === 200);
    return children.startNode(`${service} of ${name}`, script, {
      env: { DRAIN_TIMEOUT_MS: "0", ...env },
      isUp,
    });
  }
}
