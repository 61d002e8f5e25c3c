import { findFreePort } from "../../tests/support/free-ports.ts";
import { answers } from "../processes/children.mjs";
import { serverPath } from "./paths.mjs";

/** What every ratio is taken against. */
export async function startBareFastify({ children, redis }) {
  const port = await findFreePort();
  const url = `http://127.0.0.1:${port}`;
  const env = { PORT: String(port), REDIS_URL: redis.takeDatabase() };
  const pid = await children.startNode("bare-fastify", serverPath("bare-fastify"), {
    env,
    isUp: answers(url),
  });
  return { name: "bare Fastify", url, pids: [pid], questions: 1 };
}
