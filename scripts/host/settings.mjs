import { existsSync, readFileSync } from "node:fs";
import { isIP } from "node:net";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { root } from "../root.mjs";

/** The environment with what `.env` adds to it; what is set goes before the file. @throws Error with its `faults` */
export function readEnvironment(env = process.env) {
  return { ...readEnvFile(join(root, ".env")), ...env };
}

/**
 * As the services read it (`parse-env-file.ts`, and settings.spec.ts holds the two together), also where nothing is
 * built. @throws Error with its `faults`
 */
export function readEnvFile(path) {
  if (!existsSync(path)) return {};
  const bytes = readFile(path);
  if (bytes.includes(0)) throw toFault(".env must be a text in UTF-8, not in UTF-16 or with NUL bytes");
  const text = new TextDecoder().decode(bytes);
  const [, name] =
    /^[ \t]*(?:export[ \t]+)?([\w.-]+)[ \t]*=(?![ \t]*["'`])[^#\r\n]*[^#\s]#/m.exec(text) ?? [];
  if (name !== undefined) throw toFault(`.env: ${name} has a # in its value: put the value in quotes`);
  const [, quoted] =
    /^[ \t]*(?:export[ \t]+)?([\w.-]+)[ \t]*=[ \t]*(["'`])(?:(?!\2)[^\r\n])*\2[ \t]*[^\s#]/m.exec(text) ?? [];
  if (quoted !== undefined)
    throw toFault(`.env: ${quoted} has more behind its closing quote: take another kind of quotes`);
  return parseEnv(text);
}

function readFile(path) {
  try {
    return readFileSync(path);
  } catch (error) {
    throw toFault(`.env cannot be read: ${error.message}`);
  }
}

function toFault(text) {
  return Object.assign(new Error(text), { faults: [text] });
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

/** Where what listens on an address is asked from this machine. */
export function toOwnUrl(host, port) {
  const address = ["0.0.0.0", "::"].includes(host) ? "127.0.0.1" : host;
  return `http://${isIP(address) === 6 ? `[${address}]` : address}:${port}`;
}

export function isLoopback(host) {
  const bare = host.replace(/^\[(.*)\]$/, "$1");
  return bare === "localhost" || bare === "::1" || (isIP(bare) === 4 && bare.startsWith("127."));
}
