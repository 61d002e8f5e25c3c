import { type ChildProcess, spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type FakeOpenAi, startFakeOpenAi } from "../support/fake-openai/fake-openai.js";
import { type FakeOllama, startFakeOllama } from "../support/fake-ollama/fake-ollama.js";
import { isRedisMissing, type RedisServer, startRedisServer } from "../support/redis-server.js";
import { question } from "../support/stack.js";

const main = fileURLToPath(new URL("../../dist/bundle/embedded.js", import.meta.url));
const secret = (name: string) => `${name}-${randomBytes(12).toString("hex")}`;
const secrets = {
  key: secret("key"),
  admin: secret("admin"),
  inner: secret("inner"),
  redis: secret("redis"),
  encryption: randomBytes(32).toString("hex"),
  guess: secret("guess"),
  openai: secret("openai"),
  inferenceUrl: secret("inference-url"),
  cacheUrl: secret("cache-url"),
};
const prompt = secret("prompt");
const sha256 = createHash("sha256").update(secrets.key).digest("hex");

describe.skipIf(isRedisMissing)("secrets", () => {
  let ollama: FakeOllama;
  let openai: FakeOpenAi;
  let redis: RedisServer;
  beforeAll(async () => {
    ollama = await startFakeOllama();
    openai = await startFakeOpenAi({ models: ["qwen3-coder"], apiKey: secrets.openai });
    redis = await startRedisServer({ password: secrets.redis });
  });
  const running = new Set<ChildProcess>();
  afterAll(async () => {
    for (const child of running) child.kill("SIGKILL");
    await redis.stop();
    await ollama.close();
    await openai.close();
  });

  async function start(env: NodeJS.ProcessEnv) {
    const child = spawn(process.execPath, [main, "--port", "0"], {
      env: {
        PATH: process.env["PATH"],
        OLLAMA_HOST: ollama.url,
        OPENAI_BASE_URL: openai.url,
        OPENAI_API_KEY: secrets.openai,
        API_KEYS: `alice:${sha256}`,
        ADMIN_KEY: secrets.admin,
        INNER_TOKEN: secrets.inner,
        CACHE_ENCRYPTION_KEY: secrets.encryption,
        REDIS_URL: `redis://:${secrets.redis}@127.0.0.1:${redis.port}`,
        RATE_LIMITS: "*=2/-/-",
        CACHE_PORT: "0",
        INFERENCE_PORT: "0",
        ...env,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    running.add(child);
    const output = { text: "" };
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text: string) => (output.text += text));
    await expect.poll(() => output.text, { timeout: 30_000 }).toMatch(/gateway {3}(http:\S+)/);
    const url = /gateway {3}(http:\S+)/.exec(output.text)?.[1] ?? "";
    const stop = async () => {
      const closed = once(child, "close");
      child.kill("SIGINT");
      await closed;
      running.delete(child);
    };
    return { url, output, stop };
  }

  /** Everything that leaves the services on the usual and the unusual ways. */
  async function collectAnswers(url: string): Promise<string> {
    const body = JSON.stringify({ ...question(), messages: [{ role: "user", content: prompt }] });
    const ask = (headers: Record<string, string>, text = body) =>
      fetch(`${url}/v1/messages`, { method: "POST", headers, body: text });
    const key = { "x-api-key": secrets.key };
    const admin = { "x-api-key": secrets.admin };
    const answers = [
      await ask(key),
      await ask(key, `{"model": "${secrets.key}"`),
      await ask(key),
      await ask(key),
      await ask(key),
      await ask(key),
      await ask({ "x-api-key": secrets.guess }),
      await ask({ authorization: `Bearer ${secrets.guess}` }),
      await fetch(`${url}/v1/models/${secrets.guess}`, { headers: { "x-api-key": secrets.guess } }),
      ...(await Promise.all(
        [
          "/",
          "/health",
          "/health/ready",
          "/metrics",
          "/cache/stats",
          "/cache/entries",
          "/claude-code/env",
        ].map((path) => fetch(url + path, { headers: admin })),
      )),
    ];
    expect(answers.map(({ status }) => status)).toContain(429);
    const texts = await Promise.all(
      answers.map(async (answer) => JSON.stringify([...answer.headers]) + (await answer.text())),
    );
    return texts.join("\n");
  }

  it.each([
    ["info", "ollama"],
    ["trace", "ollama"],
    ["trace", "openai-compatible"],
  ])(
    "stand in no log, error, metric or health page at LOG_LEVEL=%s with INFERENCE_BACKEND=%s",
    async (level, backend) => {
      const { url, output, stop } = await start({ LOG_LEVEL: level, INFERENCE_BACKEND: backend });
      const answers = await collectAnswers(url);
      await stop();
      for (const [name, value] of Object.entries(secrets)) {
        expect(output.text.includes(value), `the log has the ${name}`).toBe(false);
        expect(answers.includes(value), `an answer has the ${name}`).toBe(false);
      }
      expect(output.text.includes(sha256)).toBe(false);
      if (level === "info") expect(output.text.includes(prompt), "the log has the prompt").toBe(false);
    },
  );

  it("stand in no message about a service that cannot be reached", async () => {
    const { url, output, stop } = await start({
      INFERENCE_URL: `http://user:${secrets.inferenceUrl}@127.0.0.1:1`,
      CACHE_URL: `http://user:${secrets.cacheUrl}@127.0.0.1:1`,
      LOG_LEVEL: "trace",
    });
    const answers = await Promise.all(
      [
        fetch(`${url}/health`),
        fetch(`${url}/status`),
        fetch(`${url}/v1/messages`, {
          method: "POST",
          headers: { "x-api-key": secrets.key },
          body: JSON.stringify(question()),
        }),
      ].map(async (answer) => (await answer).text()),
    );
    await stop();
    expect(answers[0]).toContain("cannot be reached");
    for (const text of [...answers, output.text])
      for (const [name, value] of Object.entries(secrets)) expect(text.includes(value), name).toBe(false);
  });

  it("stand in no message about a configuration that cannot be used", async () => {
    const child = spawn(process.execPath, [main, "--port", "0"], {
      env: {
        PATH: process.env["PATH"],
        API_KEYS: secrets.key,
        CACHE_ENCRYPTION_KEY: secrets.guess,
        REDIS_URL: `redis://:${secrets.redis}@:not-a-port`,
        RATE_LIMITS: secrets.admin,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let text = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (piece: string) => (text += piece));
    expect(await once(child, "close")).toEqual([1, null]);
    expect(text).toContain("API_KEYS must be");
    for (const value of Object.values(secrets)) expect(text.includes(value)).toBe(false);
  });
});
