import { afterEach, describe, expect, it, vi } from "vitest";
import { startCache } from "../../services/cache/src/start-cache.js";
import { type Stack, question, startHungServer, startStack, untilStored } from "../support/stack.js";

const lookupLimitMs = 250;
/** The machine may be busy. */
const slackMs = 1000;

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
