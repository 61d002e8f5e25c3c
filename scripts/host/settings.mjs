import { existsSync, readFileSync } from "node:fs";
import { isIP } from "node:net";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { root } from "../root.mjs";

/** The environment with what `.env` adds to it; what is set goes before the file. */
export function readEnvironment(env = process.env) {
  const path = join(root, ".env");
  return { ...(existsSync(path) ? parseEnv(readFileSync(path, "utf8")) : {}), ...env };
}

/**
 * The configuration of the three services with their own defaults, and where what they use is. Needs a build.
 * @throws ConfigError with all faults
 */
export async function readSettings(env) {
  const { checkConfiguration } = await import(dist("embedded/src/check-configuration.js"));
  const { parseOllamaHost } = await import(
    dist("services/inference-adapter/src/backends/ollama/parse-ollama-host.js")
  );
  const { toRedisOptions } = await import(dist("services/cache/src/redis/to-redis-options.js"));
  const { gateway, cache, adapter } = checkConfiguration(env);
  return {
    gateway,
    cache,
    adapter,
    ollama: toPlace(parseOllamaHost(adapter.OLLAMA_HOST)),
    redis: toRedisOptions(cache),
  };
}

function dist(path) {
  return new URL(`../../dist/${path}`, import.meta.url).href;
}

/** Whether a URL is on this machine, so that what answers there may be started here. */
export function toPlace(url) {
  const { hostname, port, protocol } = new URL(url);
  return { url, port: Number(port), isHere: protocol === "http:" && isLoopback(hostname) };
}

export function isLoopback(host) {
  const bare = host.replace(/^\[(.*)\]$/, "$1");
  return bare === "localhost" || bare === "::1" || (isIP(bare) === 4 && bare.startsWith("127."));
}
