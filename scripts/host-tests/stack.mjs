import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { findFreePorts } from "../../tests/support/free-ports.ts";
import { freeRange, Scratch } from "./scratch.mjs";

/** A scratch installation whose programs listen on free ports; its Ollama is the project's fake. */
export async function makeStack(node) {
  const scratch = new Scratch();
  const [cache, adapter, ollama] = await findFreePorts(3);
  const gateway = await freeRange(3);
  scratch.ports = { gateway, cache, adapter, ollama };
  Object.assign(scratch.env, {
    API_PORT: String(gateway),
    CACHE_PORT: String(cache),
    INFERENCE_PORT: String(adapter),
    OLLAMA_HOST: `127.0.0.1:${ollama}`,
    MODEL_NAME: "tiny",
  });
  scratch.addProgram(
    "ollama",
    `#!/bin/sh\nexec '${node}' '${scratch.path("scripts/host-tests/fake-ollama.mjs")}' "$@"\n`,
  );
  scratch.url = `http://127.0.0.1:${gateway}`;
  return scratch;
}

export function stateOf(scratch) {
  return JSON.parse(readFileSync(scratch.path("run/state.json"), "utf8"));
}

export function programOf(scratch, name) {
  return stateOf(scratch).programs.find((program) => program.name === name);
}

export async function until(what, isTrue, limitMs = 30_000) {
  const endsAt = Date.now() + limitMs;
  while (Date.now() < endsAt) {
    if (await isTrue()) return;
    await delay(100);
  }
  throw new Error(`not within ${limitMs / 1000} s: ${what}`);
}

export async function isLive(url) {
  return fetch(`${url}/health/live`, { signal: AbortSignal.timeout(2000) }).then(
    ({ ok }) => ok,
    () => false,
  );
}

/** Whether a message is answered. */
export function isAnswering(url) {
  return ask(url).then(
    async (answer) => (await answer.text()) !== "" && answer.ok,
    () => false,
  );
}

/** A message that the cache does not answer. */
export function ask(url, { text = "Hello", stream = false } = {}) {
  const body = { model: "tiny", max_tokens: 200, stream, messages: [{ role: "user", content: text }] };
  return fetch(`${url}/v1/messages`, {
    method: "POST",
    body: JSON.stringify(body),
    headers: { "cache-control": "no-store" },
    signal: AbortSignal.timeout(60_000),
  });
}

/** How fast the fake Ollama is. */
export async function setTokenDelay(scratch, tokenDelayMs, script) {
  const body = JSON.stringify({ tokenDelayMs, ...(script && { script }) });
  await fetch(`http://127.0.0.1:${scratch.ports.ollama}/__fake/script`, { method: "POST", body });
}
