// Who is asked. Each target stands before the same two upstreams: one that recites, one whose faults are scripted.
import { fileURLToPath } from "node:url";
import { findFreePort } from "../../tests/support/free-ports.ts";
import { answers } from "../processes/children.mjs";
import { startLitellm } from "../processes/litellm.mjs";
import { startRedis } from "../processes/redis.mjs";
import { startGenerationCounter } from "./count-generations.mjs";

const path = (name) => fileURLToPath(new URL(`../../${name}`, import.meta.url));
const readyTimeoutMs = 120_000;
/** The window that every target is told. */
const window = 8192;

/** @returns upstreams for one target: URLs, the count of generations, the knobs of the scripted one */
async function startUpstreams(children, realOllamaUrl) {
  const scripted = await startFakeOllama(children);
  const counter = await startGenerationCounter(realOllamaUrl ?? (await startFakeOllama(children)).url);
  return {
    recitingUrl: counter.url,
    scriptedUrl: scripted.url,
    scripted,
    countGenerations: counter.count,
    close: counter.close,
  };
}

async function startFakeOllama(children) {
  const url = `http://127.0.0.1:${await findFreePort()}`;
  await children.startNode("the scripted Ollama", path("tests/support/fake-ollama/fake-ollama.ts"), {
    env: { PORT: new URL(url).port },
    isUp: answers(`${url}/api/version`),
  });
  const turn = async (knob, body = {}) => {
    const answer = await fetch(`${url}/__fake/${knob}`, { method: "POST", body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`the scripted Ollama refuses ${knob}: ${answer.status}`);
  };
  return {
    url,
    script: (script) => turn("script", { script }),
    hang: (isHung) => turn(isHung ? "hang" : "unhang"),
  };
}

/** Our three services in one process, for each upstream. */
export async function startOurs(children, realOllamaUrl) {
  const upstreams = await startUpstreams(children, realOllamaUrl);
  const start = async (ollamaUrl) => {
    const url = `http://127.0.0.1:${await findFreePort()}`;
    const env = {
      API_PORT: new URL(url).port,
      CACHE_PORT: "0",
      INFERENCE_PORT: "0",
      OLLAMA_HOST: ollamaUrl,
      MODEL_NAME: "tiny",
      MODEL_WARMUP: "true",
      CONTEXT_LENGTH: String(window),
      CONNECT_TIMEOUT_MS: "2000",
      FIRST_EVENT_TIMEOUT_MS: "25000",
      LOG_LEVEL: "silent",
    };
    await children.startNode("llm-selfhost", path("dist/bundle/embedded.js"), {
      env,
      isUp: answers(`${url}/health/ready`, (status) => status === 200),
      startTimeoutMs: readyTimeoutMs,
    });
    return url;
  };
  const common = { key: "none", model: "tiny", thinkingModel: "tiny-think", window };
  return {
    name: "llm-selfhost",
    ...upstreams,
    reciting: { ...common, url: await start(upstreams.recitingUrl) },
    faulty: { ...common, url: await start(upstreams.scriptedUrl) },
  };
}

/** Its own endpoint; it cannot be given scripted faults. */
export async function startOllamasOwn(children, realOllamaUrl) {
  const counter = await startGenerationCounter(realOllamaUrl);
  const common = { key: "none", model: "tiny", thinkingModel: "tiny-think", window: 4096 };
  return {
    name: "Ollama’s own",
    countGenerations: counter.count,
    close: counter.close,
    reciting: { ...common, url: counter.url },
    faulty: undefined,
  };
}

export async function startLitellmTarget(children, realOllamaUrl) {
  const upstreams = await startUpstreams(children, realOllamaUrl);
  const redis = await startRedis(children);
  const at = (baseUrl) => (name) => ({ model: `ollama_chat/${name}`, baseUrl });
  const start = async (baseUrl) => {
    const model = at(baseUrl);
    const models = { tiny: model("tiny"), "tiny-think": model("tiny-think"), "claude-*": model("tiny") };
    return startLitellm(children, { models, redisPort: redis.port });
  };
  const reciting = await start(upstreams.recitingUrl);
  const faulty = await start(upstreams.scriptedUrl);
  const common = { model: "tiny", thinkingModel: "tiny-think", window };
  return {
    name: "LiteLLM",
    ...upstreams,
    reciting: { ...common, ...reciting },
    faulty: { ...common, ...faulty },
  };
}
