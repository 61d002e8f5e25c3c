import { join } from "node:path";
import { findFreePort } from "../../tests/support/free-ports.ts";
import { answers } from "../processes/children.mjs";

/** The product as `npm start` runs it, with Redis. */
export async function startOneProcess({ children, redis, upstream, dist }, { name, questions }) {
  const script = join(dist, "bundle", "embedded.js");
  const port = await findFreePort();
  const url = `http://127.0.0.1:${port}`;
  const env = {
    API_PORT: String(port),
    CACHE_PORT: String(await findFreePort()),
    INFERENCE_PORT: String(await findFreePort()),
    OLLAMA_HOST: upstream.url,
    REDIS_URL: redis.takeDatabase(),
    INFERENCE_CONCURRENCY: "64",
    INFERENCE_QUEUE_LIMIT: "256",
    DRAIN_TIMEOUT_MS: "0",
  };
  const isUp = answers(`${url}/v1/models`, (status) => status === 200);
  const pid = await children.startNode(name, script, { env, isUp });
  return { name, url, pids: [pid], questions, isOurs: true };
}
