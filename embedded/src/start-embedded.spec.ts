import { createServer } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { startFakeOpenAi } from "../../tests/support/fake-openai/fake-openai.js";
import { startFakeOllama } from "../../tests/support/fake-ollama/fake-ollama.js";
import { findFreePort } from "../../tests/support/free-ports.js";
import { listenOnFreePort } from "./__fixtures__/listen-on-free-port.js";
import { type Embedded, type EmbeddedSettings, startEmbedded } from "./start-embedded.js";

const opened: { close(): unknown }[] = [];

afterEach(async () => {
  for (const one of opened.splice(0).toReversed()) await one.close();
});

async function start(env: NodeJS.ProcessEnv = {}, settings: EmbeddedSettings = {}): Promise<Embedded> {
  const quiet = { LOG_LEVEL: "silent", API_PORT: "0", CONNECT_TIMEOUT_MS: "500" };
  const embedded = await startEmbedded({ ...quiet, ...env }, settings);
  opened.push(embedded);
  return embedded;
}

async function occupied(): Promise<number> {
  const { port, server } = await listenOnFreePort();
  opened.push(server);
  return port;
}

function ask({ gateway }: Embedded, model: string) {
  const body = { model, max_tokens: 100, messages: [{ role: "user", content: "Who are you?" }] };
  return fetch(`${gateway.url}/v1/messages`, { method: "POST", body: JSON.stringify(body) });
}

describe("startEmbedded", () => {
  it("answers as the demo for every name where no Ollama is, from the cache the second time", async () => {
    const embedded = await start({}, { ollamaUrl: `http://127.0.0.1:${await findFreePort()}` });
    expect(embedded.isDemo).toBe(true);
    const first = await ask(embedded, "qwen3-coder");
    expect(await first.text()).toContain("This is the demo engine");
    const second = await ask(embedded, "claude-sonnet-4-5");
    expect([second.status, second.headers.get("x-cache")]).toEqual([200, "hit"]);
    expect(second.headers.get("x-served-model")).toBe("qwen3-coder:demo");
    const health = await fetch(`${embedded.gateway.url}/health`);
    expect([health.status, await health.text()]).toEqual([200, expect.stringContaining("qwen3-coder:demo")]);
  });

  it("waits for an answer that takes too long once, not once for each service", async () => {
    const ollama = await startFakeOllama();
    opened.push(ollama);
    ollama.script([{ text: "Some words" }, { delayMs: 60_000 }]);
    const env = { OLLAMA_HOST: ollama.url, INFERENCE_MODE: "chat", DRAIN_TIMEOUT_MS: "4000" };
    const embedded = await startEmbedded({ LOG_LEVEL: "silent", API_PORT: "0", ...env });
    const body = { model: "qwen3-coder", stream: true, messages: [{ role: "user", content: "Hi" }] };
    const url = `${embedded.gateway.url}/v1/messages`;
    const answer = await fetch(url, { method: "POST", body: JSON.stringify(body) });
    const startedAt = performance.now();
    const [text] = await Promise.all([answer.text(), embedded.close()]);
    expect(text).toContain("shutting down");
    expect(performance.now() - startedAt).toBeLessThan(7500);
  });

  it("hands over to Ollama when it appears", async () => {
    const port = await findFreePort();
    const appeared = Promise.withResolvers<void>();
    const embedded = await start(
      {},
      { ollamaUrl: `http://127.0.0.1:${port}`, onOllama: () => appeared.resolve() },
    );
    const ollama = createServer((_request, reply) => reply.end('{"models":[]}')).listen(port, "127.0.0.1");
    opened.push(ollama);
    await appeared.promise;
    await expect.poll(async () => (await ask(embedded, "qwen3-coder")).status, { timeout: 15_000 }).toBe(404);
  });

  it.each(["MODEL_NAME", "OLLAMA_HOST"])("has no demo when %s is set", async (name) => {
    const port = await findFreePort();
    const value = name === "MODEL_NAME" ? "qwen3-coder" : `127.0.0.1:${port}`;
    const embedded = await start({ [name]: value }, { ollamaUrl: `http://127.0.0.1:${port}` });
    expect(embedded.isDemo).toBe(false);
    expect((await ask(embedded, "qwen3-coder")).status).not.toBe(200);
  });

  it("takes free ports for the cache and the adapter when theirs are taken", async () => {
    const ollamaUrl = `http://127.0.0.1:${await findFreePort()}`;
    const first = await start({}, { ollamaUrl });
    const second = await start({}, { ollamaUrl });
    expect(second.cacheUrl).not.toBe(first.cacheUrl);
    expect(second.inferenceUrl).not.toBe(first.inferenceUrl);
    expect((await ask(second, "qwen3-coder")).headers.get("x-cache")).toBe("miss");
    expect((await ask(second, "qwen3-coder")).headers.get("x-cache")).toBe("hit");
  });

  it.each(["CACHE_PORT", "INFERENCE_PORT"])("refuses a %s that is taken and named", async (name) => {
    const port = await occupied();
    await expect(start({ [name]: String(port) })).rejects.toThrow(`${name} ${port} is taken`);
  });

  it.each(["CACHE_PORT", "INFERENCE_PORT"])("refuses a %s that is the gateway's", async (name) => {
    const port = String(await findFreePort());
    await expect(start({ API_PORT: port, [name]: port })).rejects.toThrow(
      `${name} ${port} is the gateway's port`,
    );
  });

  it("starts no adapter of its own where INFERENCE_URL names another place", async () => {
    const INFERENCE_URL = `http://127.0.0.1:${await findFreePort()}`;
    const embedded = await start({ INFERENCE_URL });
    expect(embedded).toMatchObject({ inferenceUrl: INFERENCE_URL, ollamaUrl: undefined, isDemo: false });
  });

  it("asks no Ollama and has no demo with another backend", async () => {
    const server = await startFakeOpenAi({ models: ["qwen3-coder"] });
    opened.push(server);
    const embedded = await start(
      { INFERENCE_BACKEND: "openai-compatible", OPENAI_BASE_URL: `${server.url}/v1` },
      { ollamaUrl: `http://127.0.0.1:${await findFreePort()}` },
    );
    expect(embedded).toMatchObject({ ollamaUrl: undefined, isDemo: false });
    expect(await (await ask(embedded, "qwen3-coder")).text()).toContain("Hello from tiny");
  });

  it("refuses another backend without its place", async () => {
    await expect(start({ INFERENCE_BACKEND: "openai-compatible" })).rejects.toThrow(
      "OPENAI_BASE_URL must be set",
    );
  });

  it("has stopped listening when it is closed", async () => {
    const embedded = await start({}, { ollamaUrl: `http://127.0.0.1:${await findFreePort()}` });
    const urls = [embedded.gateway.url, embedded.cacheUrl, embedded.inferenceUrl, embedded.ollamaUrl];
    await embedded.close(0);
    opened.splice(0);
    for (const url of urls) await expect(fetch(`${url}/`)).rejects.toThrow("fetch failed");
  });
});
