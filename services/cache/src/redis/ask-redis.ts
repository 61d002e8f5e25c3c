import type { RedisClientType } from "redis";
import type { RedisAddress } from "./parse-redis-url.js";
import { type ClientOptions, createRedisClient } from "./redis-client.js";

const askTimeoutMs = 1500;

/** One question over a connection of its own, for sentinels and for the first sight of a cluster. */
export async function askRedis<T>(
  address: RedisAddress,
  options: ClientOptions,
  question: (client: RedisClientType) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  const timeout = new AbortController();
  const client = createRedisClient(address, options, AbortSignal.any([signal, timeout.signal]));
  client.on("error", () => {});
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer for ${askTimeoutMs} ms`)), askTimeoutMs).unref();
  });
  try {
    return await Promise.race([client.connect().then(() => question(client)), tooLate]);
  } finally {
    clearTimeout(timer);
    client.disconnect().catch(() => {});
    timeout.abort();
  }
}
