import { askJson, isAnswering, isListening } from "../host/ask.mjs";
import { describePortOwner } from "../host/port-owner.mjs";
import { toOwnUrl } from "../host/settings.mjs";
import { leftovers, runningState } from "../host/state.mjs";
import { broken, ok, warning } from "./finding.mjs";

/**
 * The three services, and what the gateway says of them, of Redis and of the model. The ports of cache and
 * adapter are looked at only where the gateway misses them: in containers they are not to be seen from here.
 */
export async function checkServices({ gateway, cache, adapter }, env) {
  const state = runningState();
  const gatewayPorts = state?.gatewayPorts ?? [gateway.API_PORT];
  const gatewayUrls = gatewayPorts.map((port) => toOwnUrl(gateway.API_HOST, port));
  const findings = checkSupervisor(state);
  for (const url of gatewayUrls) findings.push(await checkPort("gateway", url, "API_PORT"));
  const health = (await askJson(`${gatewayUrls[0]}/health`))?.details ?? {};
  const isCacheReached = health.cache?.state === "ok";
  const isAdapterReached = health.inference?.latency_ms !== undefined;
  findings.push(
    isCacheReached
      ? ok("cache", "answers the gateway")
      : await checkPort("cache", env.CACHE_URL || toOwnUrl(cache.CACHE_HOST, cache.CACHE_PORT), "CACHE_PORT"),
    isAdapterReached
      ? ok("inference adapter", "answers the gateway")
      : await checkPort(
          "inference adapter",
          env.INFERENCE_URL || toOwnUrl(adapter.INFERENCE_HOST, adapter.INFERENCE_PORT),
          "INFERENCE_PORT",
        ),
  );
  if (isCacheReached) findings.push(describeRedis(health.cache.redis));
  if (isAdapterReached) findings.push(describeReadiness(health.inference));
  return findings;
}

function checkSupervisor(state) {
  if (state)
    return [
      ok("supervisor", `runs (pid ${state.supervisor.pid})`),
      ...state.programs.flatMap(describeProgram),
    ];
  const rest = leftovers();
  if (rest.length === 0) return [];
  const names = rest.map(({ name }) => name).join(", ");
  return [warning("supervisor", `was killed; ${names} run on without it`, "./start_llm_selfhost.sh")];
}

function describeProgram({ name, state, starts }) {
  if (state === "waiting")
    return [broken(name, "has ended and is to be started again", "tail -50 run/llm-selfhost.log")];
  return starts > 3
    ? [warning(name, `has been started ${starts} times`, "grep supervisor run/llm-selfhost.log")]
    : [];
}

async function checkPort(name, url, variable) {
  const { hostname, port, origin } = new URL(url);
  // Not the URL itself: a password may stand in it.
  if (await isAnswering(`${url}/health/live`)) return ok(name, `answers at ${origin}`);
  if (!(await isListening(hostname, Number(port))))
    return broken(
      name,
      `nothing listens at ${origin}`,
      "./start_llm_selfhost.sh, or npm start, or docker compose up",
    );
  const owner = describePortOwner(Number(port)) ?? "another program";
  return broken(
    name,
    `port ${port} is held by ${owner}, which does not answer as the ${name}`,
    `stop it, or set ${variable} in .env`,
  );
}

function describeRedis(redis) {
  if (redis?.state === "memory only") return ok("redis", "none is configured: the cache is in memory only");
  if (redis?.state === "ok") return ok("redis", `answers in ${redis.latency_ms} ms`);
  return warning(
    "redis",
    `cannot be used: ${redis?.reason}`,
    "correct REDIS_… in .env; docs/troubleshooting.md#redis",
  );
}

function describeReadiness({ model, ollama }) {
  const { name, state = "unknown", message } = model ?? {};
  if (state === "ready") return ok("model", `${name} is ready`);
  if (state === "loading" || state.startsWith("pulling"))
    return warning("model", `${name} is not ready yet: ${state}`, "wait; tail -f run/llm-selfhost.log");
  const reason = [state, message ?? ollama?.message].filter(Boolean).join(", ");
  return broken("model", `${name}: ${reason}`, "see what is said of Ollama below");
}
