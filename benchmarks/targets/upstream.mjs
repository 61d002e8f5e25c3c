import { findFreePort } from "../../tests/support/free-ports.ts";
import { answers } from "../processes/children.mjs";
import { serverPath } from "./paths.mjs";

/** The scripted upstream itself, asked directly. It runs beside the load, apart from the services. */
export async function startUpstream({ children, loadCpu }) {
  const port = await findFreePort();
  const url = `http://127.0.0.1:${port}`;
  const env = { PORT: String(port) };
  const pid = await children.startNode("scripted-ollama", serverPath("scripted-ollama"), {
    env,
    isUp: answers(url),
    cpu: loadCpu,
  });
  const countGenerations = async () => (await (await fetch(`${url}/count`)).json()).generations;
  return { name: "upstream direct", url, pids: [pid], countGenerations };
}

/** A bare pipe of node:http in front of it. */
export async function startBarePipe({ children, upstream }) {
  const port = await findFreePort();
  const url = `http://127.0.0.1:${port}`;
  const env = { PORT: String(port), UPSTREAM_URL: upstream.url };
  const pid = await children.startNode("bare-pipe", serverPath("bare-pipe"), { env, isUp: answers(url) });
  return { name: "bare pipe", url, pids: [pid] };
}
