import { join } from "node:path";
import { root } from "../root.mjs";
import { isAnswering, isListening } from "./ask.mjs";
import { findProgram } from "./find-program.mjs";
import { redisFolder } from "./paths.mjs";
import { isLoopback } from "./settings.mjs";

/**
 * What runs beside each other, in the order of the start: `{ name, command, args, input, env, port, log,
 * isAnswering, isElsewhere, patienceMs }`. `isElsewhere` is there for what somebody else may have started
 * already: then that one is used. `patienceMs` is how long it may take to end, `log` a file of its own.
 */
export function toPrograms(settings, { node, env, gatewayPorts }) {
  const { cache, adapter } = settings;
  const cacheUrl = toServiceUrl(env.CACHE_URL, cache.CACHE_PORT);
  const inferenceUrl = toServiceUrl(env.INFERENCE_URL, adapter.INFERENCE_PORT);
  const service = (folder, port, more) => toService(folder, port, more, settings, node);
  const gateway = (port) =>
    service("gateway", port, { API_PORT: port, CACHE_URL: cacheUrl, INFERENCE_URL: inferenceUrl });
  return [
    ...(isOurs(cacheUrl, cache.CACHE_PORT)
      ? [...redis(settings), service("cache", cache.CACHE_PORT, { CACHE_PORT: cache.CACHE_PORT })]
      : []),
    ...(isOurs(inferenceUrl, adapter.INFERENCE_PORT)
      ? [
          ...ollama(settings, env),
          service("inference-adapter", adapter.INFERENCE_PORT, {
            INFERENCE_PORT: adapter.INFERENCE_PORT,
            MODEL_PULL: env.MODEL_PULL || "true",
            MODEL_WARMUP: env.MODEL_WARMUP || "true",
          }),
        ]
      : []),
    ...gatewayPorts.map((port, index) => ({
      ...gateway(port),
      ...(gatewayPorts.length > 1 && { name: `gateway-${index + 1}` }),
    })),
  ];
}

function toServiceUrl(named, port) {
  return named || `http://127.0.0.1:${port}`;
}

/** Whether a URL names the service that is started here, and not one that runs somewhere else. */
function isOurs(url, port) {
  const { hostname, port: named } = new URL(url);
  return isLoopback(hostname) && named === String(port);
}

/** One gateway on its own port; several on those above it, which is then the load balancer's. */
export function toGatewayPorts(port, count) {
  return count === 1 ? [port] : Array.from({ length: count }, (_, index) => port + 1 + index);
}

function toService(name, port, env, settings, node) {
  return {
    name,
    command: node,
    args: ["--enable-source-maps", join(root, `dist/services/${name}/src/main.js`)],
    env: Object.fromEntries(Object.entries(env).map(([variable, value]) => [variable, String(value)])),
    port,
    isAnswering: () => isAnswering(`http://127.0.0.1:${port}/health/live`),
    patienceMs: settings.gateway.DRAIN_TIMEOUT_MS + 10_000,
  };
}

/** With the window that the adapter asks for, so that whatever else uses this Ollama does not load the model anew. */
function ollama({ ollama: { url, port, isHere }, adapter }, env) {
  if (!isHere || adapter.INFERENCE_BACKEND !== "ollama") return [];
  const isThere = () => isAnswering(`${url}/api/version`);
  const defaults = {
    OLLAMA_HOST: `127.0.0.1:${port}`,
    OLLAMA_CONTEXT_LENGTH: String(adapter.CONTEXT_LENGTH),
    OLLAMA_FLASH_ATTENTION: "1",
    OLLAMA_KV_CACHE_TYPE: "q8_0",
    OLLAMA_NUM_PARALLEL: String(adapter.INFERENCE_CONCURRENCY),
    OLLAMA_MAX_LOADED_MODELS: "1",
    OLLAMA_KEEP_ALIVE: "-1",
  };
  const unset = Object.entries(defaults).filter(([name]) => !env[name]);
  return [
    {
      name: "ollama",
      command: findProgram("ollama"),
      args: ["serve"],
      env: Object.fromEntries(unset),
      port,
      log: "ollama.log",
      isAnswering: isThere,
      isElsewhere: isThere,
      patienceMs: 15_000,
    },
  ];
}

/** Only a plain Redis on this machine, and only where the program is installed. The password stays off the command line. */
function redis({ redis: options, cache }) {
  const command = findProgram("redis-server");
  if (!options || cache.REDIS_URL || options.isTls || !isLoopback(options.host) || !command) return [];
  const { host, port, password } = options;
  const isThere = () => isListening(host, port);
  const lines = [
    `port ${port}`,
    "bind 127.0.0.1",
    `dir ${JSON.stringify(redisFolder)}`,
    "appendonly yes",
    "maxmemory 512mb",
    "maxmemory-policy volatile-lru",
    ...(password ? [`requirepass ${JSON.stringify(password)}`] : []),
  ];
  return [
    {
      name: "redis",
      command,
      args: ["-"],
      input: `${lines.join("\n")}\n`,
      env: {},
      port,
      log: "redis.log",
      isAnswering: isThere,
      isElsewhere: isThere,
      patienceMs: 30_000,
    },
  ];
}
