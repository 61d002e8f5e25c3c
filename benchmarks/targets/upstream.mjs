import { answers, findFreePort } from "../processes/children.mjs";
import { serverPath } from "./paths.mjs";

/** The scripted upstream itself, asked directly. */
export async function startUpstream({ children }) {
  const port = await findFreePort();
  const url = `http://127.0.0.1:${port}`;
  const env = { PORT: String(port) };
  const pid = await children.startNode("instant-ollama", serverPath("instant-ollama"), {
    env,
    isUp: answers(url),
  });
  return { name: "upstream direct", url, pids: [pid] };
}

/** A bare pipe of node:http in front of it. */
export async function startBarePipe({ children, upstream }) {
  const port = await findFreePort();
  const url = `http://127.0.0.1:${port}`;
  const env = { PORT: String(port), UPSTREAM_URL: upstream.url };
  const pid = await children.startNode("bare-pipe", serverPath("bare-pipe"), { env, isUp: answers(url) });
  return { name: "bare pipe", url, pids: [pid] };
}
