import { isIP } from "node:net";
import { join } from "node:path";
import { root } from "../root.mjs";
import { isAnswering, isListening } from "./ask.mjs";
import { findProgram } from "./find-program.mjs";
import { redisFolder } from "./paths.mjs";
import { isLoopback, toOwnUrl } from "./settings.mjs";

/**
 * What runs beside each other, in the order of the start: `{ name, command, args, input, env, port, url,
 * log, isAnswering, isElsewhere, patienceMs }`. `isElsewhere` is there for what somebody else may have started
 * already: then that one is used. `patienceMs` is how long it may take to end, `log` a file of its own.
 */
export function toPrograms(settings, { node, env, gatewayPorts }) {
  const { cache, adapter } = settings;
  const ownCacheUrl = toOwnUrl(cache.CACHE_HOST, cache.CACHE_PORT);
  const ownInferenceUrl = toOwnUrl(adapter.INFERENCE_HOST, adapter.INFERENCE_PORT);
  const cacheUrl = env.CACHE_URL || ownCacheUrl;
  const inferenceUrl = env.INFERENCE_URL || ownInferenceUrl;
  const service = (folder, url, more) => toService(folder, url, more, settings, node);
  const gateway = (port) =>
    service("gateway", toOwnUrl(settings.gateway.API_HOST, port), {
      API_PORT: port,
      CACHE_URL: cacheUrl,
      INFERENCE_URL: inferenceUrl,
    });
  return [
    ...(isOurs(cacheUrl, ownCacheUrl)
      ? [...redis(settings), service("cache", ownCacheUrl, { CACHE_PORT: cache.CACHE_PORT })]
      : []),
    ...(isOurs(inferenceUrl, ownInferenceUrl)
      ? [
          ...ollama(settings, env),
          service("inference-adapter", ownInferenceUrl, {
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

/** Whether a URL names the service that is started here, and not one that runs somewhere else. */
function isOurs(url, ownUrl) {
  const named = new URL(url);
  const own = new URL(ownUrl);
  return (isLoopback(named.hostname) || named.hostname === own.hostname) && named.port === own.port;
}

/** One gateway on its own port; several on those above it, which is then the load balancer's. */
export function toGatewayPorts(port, count) {
  return count === 1 ? [port] : Array.from({ length: count }, (_, index) => port + 1 + index);
}

function toService(name, url, env, settings, node) {
  return {
    name,
    command: node,
    args: [join(root, `dist/bundle/${name}.js`)],
    env: Object.fromEntries(Object.entries(env).map(([variable, value]) => [variable, String(value)])),
    port: Number(new URL(url).port || 80),
    url,
    isAnswering: () => isAnswering(`${url}/health/live`),
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
    `bind ${isIP(host) ? host : "127.0.0.1"}`,
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
