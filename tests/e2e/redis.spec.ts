import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { RunningService } from "#platform/bootstrap.js";
import { startCache } from "../../services/cache/src/start-cache.js";
import { startGateway } from "../../services/gateway/src/start-gateway.js";
import { type RedisServer, isRedisMissing, startRedisServer } from "../support/redis-server.js";
import { type Stack, postMessage, question, startStack } from "../support/stack.js";

const lookupLimitMs = 250;
/** The machine may be busy. */
const slackMs = 4000;

let redis: RedisServer;
let stack: Stack;
let others: RunningService[] = [];

const toRedis = () => ({ REDIS_HOST: "127.0.0.1", REDIS_PORT: String(redis.port), LOG_LEVEL: "silent" });
const entryKeys = async () =>
  (await redis.cli("--scan", "--pattern", "*:entry:*")).split("\n").filter((key) => key.trim() !== "");
const entriesInRedis = async () => (await entryKeys()).length;
const cacheOf = ({ headers }: Response) => headers.get("x-cache");

/** Another gateway with another cache service, whose memory knows nothing: only Redis is shared. */
async function startOtherReplica(): Promise<string> {
  const cache = await startCache({ ...toRedis(), CACHE_PORT: "0" });
  const gateway = await startGateway({
    API_PORT: "0",
    LOG_LEVEL: "silent",
    CACHE_URL: cache.url,
    INFERENCE_URL: stack.adapter.url,
  });
  others.push(gateway, cache);
  return gateway.url;
}

async function timedAsk(body: object, url = stack.url): Promise<string | null> {
  const startedAt = performance.now();
  const response = await postMessage(url, body);
  const text = await response.text();
  expect(performance.now() - startedAt).toBeLessThan(lookupLimitMs + slackMs);
  expect(response.status).toBe(200);
  expect(text).toContain("Hello from tiny");
  return cacheOf(response);
}

/** Asks new questions until one of them has come to Redis. */
const untilRedisIsUsed = async () => {
  const before = await entriesInRedis();
  await vi.waitFor(
    async () => {
      await timedAsk(question());
      expect(await entriesInRedis()).toBeGreaterThan(before);
    },
    { timeout: 20_000, interval: 100 },
  );
};

beforeEach(async () => {
  if (isRedisMissing) return;
  redis = await startRedisServer();
});
afterEach(async () => {
  if (isRedisMissing) return;
  for (const service of [...others, stack]) await service.close();
  others = [];
  await redis.stop();
});

describe.skipIf(isRedisMissing)("a stack over Redis", () => {
  it("shares answers between replicas", async () => {
    stack = await startStack({ cache: toRedis() });
    const asked = question();
    expect(await timedAsk(asked)).toBe("miss");
    await vi.waitFor(async () => expect(await entriesInRedis()).toBe(1), { timeout: 10_000 });
    const otherUrl = await startOtherReplica();
    expect(await timedAsk(asked, otherUrl)).toBe("hit");
    expect(await timedAsk({ ...asked, stream: true }, otherUrl)).toBe("hit");
    expect(stack.ollama.generations()).toBe(1);
    expect(Number(await redis.cli("TTL", (await entryKeys())[0] ?? ""))).toBeGreaterThan(80_000);
  });

  it("lives on when Redis is killed, and uses it again when it is back", async () => {
    stack = await startStack({ cache: toRedis() });
    const asked = question();
    await timedAsk(asked);
    await vi.waitFor(async () => expect(await entriesInRedis()).toBe(1), { timeout: 10_000 });
    const { port } = redis;
    await redis.kill();
    for (let count = 0; count < 4; count++) expect(await timedAsk(question())).toBe("miss");
    expect(await timedAsk(asked)).toBe("hit"); // the memory has it
    await redis.stop();
    redis = await startRedisServer({ port });
    await untilRedisIsUsed();
  });

  it("lives on when Redis is stopped in its tracks, and uses it again when it goes on", async () => {
    stack = await startStack({ cache: toRedis() });
    const asked = question();
    await timedAsk(asked);
    await vi.waitFor(async () => expect(await entriesInRedis()).toBe(1), { timeout: 10_000 });
    const otherUrl = await startOtherReplica();
    redis.pause();
    try {
      for (let count = 0; count < 6; count++) expect(await timedAsk(question(), otherUrl)).toBe("miss");
    } finally {
      redis.resume();
    }
    await vi.waitFor(
      async () => {
        const response = await postMessage(otherUrl, asked, { "cache-control": "only-if-cached" });
        expect(cacheOf(response)).toBe("hit");
      },
      { timeout: 20_000, interval: 100 },
    );
  });

  it("starts without Redis, and uses it when it comes", async () => {
    const { port } = redis;
    await redis.stop();
    stack = await startStack({ cache: toRedis() });
    const asked = question();
    expect(await timedAsk(asked)).toBe("miss");
    await vi.waitFor(async () => expect(await timedAsk(asked)).toBe("hit"), { timeout: 10_000 });
    const health = await fetch(`${stack.url}/health`);
    expect(health.status).toBe(200);
    expect(JSON.stringify(await health.json())).toContain("degraded");
    redis = await startRedisServer({ port });
    await untilRedisIsUsed();
  });
});
