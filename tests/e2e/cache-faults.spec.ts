import { afterEach, describe, expect, it, vi } from "vitest";
import { startCache } from "../../services/cache/src/start-cache.js";
import { startGateway } from "../../services/gateway/src/start-gateway.js";
import { startInferenceAdapter } from "../../services/inference-adapter/src/start-inference-adapter.js";
import { isRedisMissing, startRedisServer } from "../support/redis-server.js";
import {
  type Stack,
  postMessage,
  question,
  startHungServer,
  startStack,
  untilStored,
} from "../support/stack.js";

const lookupLimitMs = 250;
/** The machine may be busy. */
const slackMs = 4000;

let stack: Stack;
afterEach(() => stack.close());

const cacheOf = ({ headers }: Response) => headers.get("x-cache");

async function timedPost(body: object): Promise<[Response, number]> {
  const startedAt = performance.now();
  const response = await stack.post(body);
  await response.text();
  return [response, performance.now() - startedAt];
}

describe("hits", () => {
  it("are served while Ollama is down, and while the adapter is", async () => {
    stack = await startStack();
    const asked = question();
    const first = await stack.post(asked);
    await first.text();
    await untilStored(stack, first);
    await stack.ollama.stop();
    expect(cacheOf(await stack.post(asked))).toBe("hit");
    expect((await stack.post(question())).status).toBe(500);
    await stack.adapter.close();
    for (const stream of [false, true]) {
      const response = await stack.post({ ...asked, stream });
      expect(cacheOf(response)).toBe("hit");
      expect(await response.text()).toContain("Hello from tiny");
    }
  });
});

describe("hits after a restart of gateway and adapter, with Ollama down", () => {
  const quiet = { LOG_LEVEL: "silent", DRAIN_TIMEOUT_MS: "0" };

  async function restart(cacheUrl: string): Promise<{ url: string; close: () => Promise<void> }> {
    const { port } = new URL(stack.adapter.url);
    await stack.gateway.close();
    await stack.adapter.close();
    const adapter = await startInferenceAdapter({
      ...quiet,
      INFERENCE_PORT: port,
      OLLAMA_HOST: stack.ollama.url,
    });
    const inner = { CACHE_URL: cacheUrl, INFERENCE_URL: adapter.url };
    const gateway = await startGateway({ ...quiet, ...inner, API_PORT: "0" });
    const close = async () => {
      await gateway.close();
      await adapter.close();
    };
    return { url: gateway.url, close };
  }

  async function storeAnswer(asked: object): Promise<void> {
    const first = await stack.post(asked);
    await first.text();
    await untilStored(stack, first);
    await stack.ollama.stop();
  }

  it("are served; what is not in the cache fails as before", async () => {
    stack = await startStack();
    const asked = question();
    await storeAnswer(asked);
    const { url, close } = await restart(stack.cache.url);
    try {
      expect(cacheOf(await postMessage(url, asked))).toBe("hit");
      expect((await postMessage(url, question())).status).toBe(500);
      expect(await (await fetch(`${url}/v1/models`)).json()).toMatchObject({
        data: expect.arrayContaining([expect.objectContaining({ id: "qwen3-coder:30b" })]) as unknown,
      });
    } finally {
      await close();
    }
  });

  it.skipIf(isRedisMissing)("are served after a restart of the cache service too, from Redis", async () => {
    const redis = await startRedisServer();
    const env = { ...quiet, CACHE_PORT: "0", REDIS_URL: `redis://127.0.0.1:${redis.port}` };
    stack = await startStack({ cache: env });
    const isUp = async (url: string) =>
      expect(await (await fetch(`${url}/stats`)).json()).toMatchObject({ redis: "up" });
    await vi.waitFor(() => isUp(stack.cache.url), 10_000);
    const asked = question();
    await storeAnswer(asked);
    await stack.cache.close();
    const cache = await startCache(env);
    await vi.waitFor(() => isUp(cache.url), 10_000);
    const { url, close } = await restart(cache.url);
    try {
      expect(cacheOf(await postMessage(url, asked))).toBe("hit");
    } finally {
      await close();
      await cache.close();
      await redis.stop();
    }
  });
});

describe("without a cache", () => {
  it.each([
    ["that listens", async () => ({ url: "http://127.0.0.1:1", close: async () => {} })],
    ["that answers", startHungServer],
  ])("%s, every answer comes, and almost in time", async (_name, startNoCache) => {
    const noCache = await startNoCache();
    stack = await startStack({ gateway: { CACHE_URL: noCache.url } });
    try {
      for (let count = 0; count < 6; count++) {
        const [response, ms] = await timedPost(question({ stream: count % 2 === 0 }));
        expect(response.status).toBe(200);
        expect(cacheOf(response)).toBe("miss");
        expect(ms).toBeLessThan(lookupLimitMs + slackMs);
      }
    } finally {
      await noCache.close();
    }
  });

  it("an answer waits for none once it is known to hang", async () => {
    const noCache = await startHungServer();
    stack = await startStack({ gateway: { CACHE_URL: noCache.url } });
    try {
      const times: number[] = [];
      for (let count = 0; count < 8; count++) times.push((await timedPost(question()))[1]);
      expect(Math.min(...times.slice(0, 3))).toBeGreaterThan(lookupLimitMs * 0.9);
      expect(Math.min(...times.slice(3))).toBeLessThan(lookupLimitMs * 0.8);
    } finally {
      await noCache.close();
    }
  });
});

describe("a cache that comes back", () => {
  it("is used again", async () => {
    stack = await startStack();
    const { port } = new URL(stack.cache.url);
    await stack.cache.close();
    const asked = question();
    for (let count = 0; count < 4; count++) expect((await timedPost(asked))[0].status).toBe(200);
    const cache = await startCache({ CACHE_PORT: port, LOG_LEVEL: "silent" });
    try {
      await vi.waitFor(async () => expect(cacheOf((await timedPost(asked))[0])).toBe("hit"), {
        timeout: 15_000,
        interval: 100,
      });
    } finally {
      await cache.close();
    }
  });
});
