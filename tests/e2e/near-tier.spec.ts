import { randomUUID } from "node:crypto";
import { request } from "node:http";
import { buffer } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { RunningService } from "#platform/bootstrap.js";
import type { CacheStats, EntryDetails } from "#service-contracts/cache-store.js";
import { startCache } from "../../services/cache/src/start-cache.js";
import { toGivenHash } from "../../services/gateway/src/messages/questions.service.js";
import { NearTier } from "../../services/gateway/src/near-tier/near-tier.js";
import { StoredKeys } from "../../services/gateway/src/near-tier/stored-keys.js";
import { startGateway } from "../../services/gateway/src/start-gateway.js";
import { isRedisMissing, type RedisServer, startRedisServer } from "../support/redis-server.js";
import { type Stack, postMessage, question, startStack, writes } from "../support/stack.js";
import { type Wire, layWire } from "../support/wire.js";

// Copies in the gateways: they cost no question to the cache service, and are never in its way.

const patience = { timeout: 15_000, interval: 20 };
const quiet = { LOG_LEVEL: "silent", DRAIN_TIMEOUT_MS: "0" };
const cacheOf = ({ headers }: Response) => headers.get("x-cache");
const inCacheOnly = { "cache-control": "only-if-cached" };
const session = () => ({ "x-claude-code-session-id": randomUUID() });

interface Told {
  cache: string | null;
  text: string;
  key: string;
}

/** On a connection of its own, whose end shows that the answer has arrived. */
function post(url: string, body: object, headers: Record<string, string>): Promise<Response> {
  return new Promise((resolve, reject) => {
    const options = { method: "POST", agent: false as const, headers };
    request(`${url}/v1/messages`, options, (answer) => {
      const init = { status: answer.statusCode ?? 0, headers: answer.headers as Record<string, string> };
      void buffer(answer).then((bytes) => resolve(new Response(new Uint8Array(bytes), init)), reject);
    })
      .on("error", reject)
      .end(JSON.stringify(body));
  });
}

async function ask(url: string, body: object, headers: Record<string, string> = {}): Promise<Told> {
  const response = await post(url, body, headers);
  const { content } = (await response.json()) as { content?: { text: string }[] };
  const key = response.headers.get("x-cache-key") ?? "";
  return { cache: cacheOf(response), text: content?.[0]?.text ?? "", key };
}

const nearOf = ({ app }: RunningService) => app.get(NearTier);

/** Asks until the answer is kept near, and stays: that it was stored may be heard of late. @returns what was told the last time */
async function untilNear(gateway: RunningService, body: object, headers = {}): Promise<Told> {
  let told: Told | undefined;
  await vi.waitFor(async () => {
    told = await ask(gateway.url, body, headers);
    for (const waitMs of [0, 150]) {
      await sleep(waitMs);
      expect(nearOf(gateway).find(told.key)).toBeDefined();
    }
  }, patience);
  return told as Told;
}

/** Until it is known there that the session has had the answer. */
const knowsGiven = (gateway: RunningService, key: string, headers: ReturnType<typeof session>) => {
  const givenHash = toGivenHash({ headers }, key) ?? "";
  return vi.waitFor(() => expect(nearOf(gateway).wasGiven(givenHash)).toBe(true), patience);
};

/** Whether a gateway need not ask for an entry: one of 16 times it says no in any case. */
const isMissing = ({ app }: RunningService, key: string) =>
  [1, 2].some(() => app.get(StoredKeys).isMissing(key));
const knowsKeys = (gateway: RunningService) =>
  vi.waitFor(() => expect(isMissing(gateway, "0123456789abcdef".repeat(4))).toBe(true), patience);
const heardOf = (gateway: RunningService, key: string) =>
  vi.waitFor(() => expect(isMissing(gateway, key)).toBe(false), patience);

const countsAnswers = (stack: Stack) =>
  stack.ollama.script((_request, generation) => writes(`Answer ${generation}.`));

describe("two gateways before one cache service", () => {
  let stack: Stack;
  let other: RunningService;
  let wire: Wire;

  beforeEach(async () => {
    stack = await startStack();
    wire = await layWire(stack.cache.url);
    other = await startGateway({
      ...quiet,
      API_PORT: "0",
      CACHE_URL: wire.url,
      INFERENCE_URL: stack.adapter.url,
    });
    countsAnswers(stack);
  });
  afterEach(async () => {
    await other.close();
    wire.close();
    await stack.close();
  });

  const untilNearInBoth = async (body: object) => {
    await untilNear(stack.gateway, body);
    return untilNear(other, body);
  };
  const admin = (gateway: RunningService, path: string) =>
    fetch(`${gateway.url}/cache${path}`, { method: "DELETE" });
  const stats = async () => (await (await fetch(`${stack.url}/cache/stats`)).json()) as CacheStats;

  // Where the machine stands still for a second and more, copies are in doubt and rightly not given.
  const counted = { retry: 2 };

  it("each gives its own copy, and every hit is counted", counted, async () => {
    const asked = question();
    const { key } = await untilNearInBoth(asked);
    const details = async () =>
      (await (await fetch(`${stack.url}/cache/entries/${key}`)).json()) as EntryDetails;
    // Hits are reported a moment later, those of an answer on its way to the cache too.
    let known = "";
    await vi.waitFor(
      async () => {
        const before = known;
        known = JSON.stringify([(await stats()).tiers, (await details()).hits]);
        expect(known).toBe(before);
      },
      { ...patience, interval: 500 },
    );
    const { hits: before } = await details();
    expect(before).toBeGreaterThan(0);
    const { tiers } = await stats();
    for (let count = 0; count < 5; count++)
      for (const url of [stack.url, other.url]) expect((await ask(url, asked)).cache).toBe("hit");
    await vi.waitFor(async () => expect((await details()).hits).toBe(before + 10), patience);
    const after = await stats();
    expect(after.tiers["memory"]?.hits).toBe(tiers["memory"]?.hits);
    expect(after.tiers["gateway"]?.hits).toBe((tiers["gateway"]?.hits ?? 0) + 10);
    const { stores } = tiers["gateway"] ?? {};
    expect(after.tiers["gateway"]).toMatchObject({ entries: 2, stores, errors: 0 });
    const metrics = await (await fetch(`${stack.url}/metrics`)).text();
    expect(metrics).toContain('llm_cache_entries{tier="gateway"} 1');
  });

  it("what is not stored is not asked for, but once in a while, and counted", counted, async () => {
    await knowsKeys(stack.gateway);
    await ask(stack.url, question());
    await vi.waitFor(async () => expect((await stats()).tiers["gateway"]?.misses).toBe(1), patience);
    const { tiers } = await stats();
    const told = await Promise.all(Array.from({ length: 32 }, () => ask(stack.url, question())));
    expect(told.map(({ cache }) => cache)).toEqual(Array(32).fill("miss"));
    await vi.waitFor(async () => expect((await stats()).tiers["gateway"]?.misses).toBe(33), patience);
    const asked = ((await stats()).tiers["memory"]?.misses ?? 0) - (tiers["memory"]?.misses ?? 0);
    expect(asked).toBe(2);
  });

  it("what one stores is found by the other, which need not ask otherwise", async () => {
    await knowsKeys(other);
    for (let round = 0; round < 5; round++) {
      const asked = question();
      const { key } = await ask(stack.url, asked);
      await heardOf(other, key);
      expect(await ask(other.url, asked)).toMatchObject({ cache: "hit" });
    }
  });

  it.each<[string, (key: string) => string]>([
    ["deleted", (key) => `/entries/${key}`],
    ["cleared", () => ""],
    ["cleared by its model", () => "?model=qwen3-coder:30b"],
  ])("what is %s through one is at once given by it no more, and soon not by the other", async (_n, path) => {
    for (let round = 0; round < 10; round++) {
      const asked = question();
      const { key } = await untilNearInBoth(asked);
      expect((await admin(stack.gateway, path(key))).ok).toBe(true);
      expect((await postMessage(stack.url, asked, inCacheOnly)).status).toBe(504);
      await vi.waitFor(
        async () => expect((await postMessage(other.url, asked, inCacheOnly)).status).toBe(504),
        patience,
      );
    }
  });

  it("what is on its way from one while the other clears does not come back", async () => {
    for (const path of ["", "?model=qwen3-coder:30b"]) {
      // A store waits for 200 ms behind another one, and for Ollama to say whether its model is still the same.
      await ask(stack.url, question());
      const asked = question();
      await ask(stack.url, asked);
      stack.ollama.hang();
      expect((await admin(other, path)).ok).toBe(true);
      stack.ollama.unhang();
      await sleep(500);
      for (const { url } of [stack, other])
        expect((await postMessage(url, asked, inCacheOnly)).status).toBe(504);
    }
  });

  it("what is asked for while it is being deleted is not kept", async () => {
    const asked = question();
    for (let round = 0; round < 20; round++) {
      const { key } = await ask(stack.url, asked);
      nearOf(stack.gateway).letGo([key]);
      const lookups = [1, 2, 3].map(() => postMessage(stack.url, asked, inCacheOnly));
      expect((await admin(stack.gateway, `/entries/${key}`)).ok).toBe(true);
      await Promise.all(lookups);
      expect((await postMessage(stack.url, asked, inCacheOnly)).status).toBe(504);
    }
  });

  it("a new answer takes the place of the old one in both", async () => {
    const asked = question();
    expect(await untilNearInBoth(asked)).toMatchObject({ text: "Answer 1." });
    expect(await ask(stack.url, asked, { "cache-control": "no-cache" })).toMatchObject({
      cache: "refresh",
      text: "Answer 2.",
    });
    for (const url of [stack.url, other.url])
      await vi.waitFor(
        async () => expect(await ask(url, asked)).toMatchObject({ text: "Answer 2." }),
        patience,
      );
  });

  it("a copy goes with its entry's time", async () => {
    const asked = question();
    const { key } = await untilNear(stack.gateway, asked, { "x-cache-ttl": "2" });
    const near = nearOf(stack.gateway);
    await vi.waitFor(() => expect([near.isFollowing, near.find(key)]).toEqual([true, undefined]), patience);
    expect((await postMessage(stack.url, asked, inCacheOnly)).status).toBe(504);
  });

  it("a session that had a copy gets another answer there at once, and soon at the other", async () => {
    const asked = question();
    const { key } = await untilNearInBoth(asked);
    for (const [first, second] of [
      [stack.gateway, stack.gateway],
      [stack.gateway, other],
      [other, stack.gateway],
    ] as const) {
      const own = session();
      expect(await ask(first.url, asked, own)).toMatchObject({ cache: "hit" });
      await knowsGiven(second, key, own);
      expect(await ask(second.url, asked, own)).toMatchObject({ cache: "refresh" });
      expect(await ask(first.url, asked, session())).toMatchObject({
        cache: expect.stringMatching(/hit|miss/),
      });
      await untilNearInBoth(asked);
    }
  });

  it("a copy that is asked for later comes with the sessions that had it", async () => {
    const asked = question();
    const { key } = await untilNear(stack.gateway, asked);
    const own = session();
    expect(await ask(stack.url, asked, own)).toMatchObject({ cache: "hit" });
    await knowsGiven(other, key, own);
    await untilNear(other, asked);
    expect(await ask(other.url, asked, own)).toMatchObject({ cache: "refresh" });
  });

  it("tenants have copies of their own", async () => {
    const sha256 = async (key: string) =>
      Buffer.from(await crypto.subtle.digest("SHA-256", Buffer.from(key))).toString("hex");
    const keyed = await startGateway({
      ...quiet,
      API_PORT: "0",
      CACHE_URL: stack.cache.url,
      INFERENCE_URL: stack.adapter.url,
      API_KEYS: `alice:${await sha256("a")},bob:${await sha256("b")}`,
    });
    const asked = question();
    await vi.waitFor(async () => {
      const { key } = await ask(keyed.url, asked, { "x-api-key": "a" });
      expect(nearOf(keyed).find(key)).toBeDefined();
    }, patience);
    expect((await postMessage(keyed.url, asked, { ...inCacheOnly, "x-api-key": "b" })).status).toBe(504);
    await keyed.close();
  });

  it("who does not hear what changes does not give copies", async () => {
    const asked = question();
    const { key } = await untilNear(other, asked);
    wire.freeze();
    await admin(stack.gateway, `/entries/${key}`);
    await vi.waitFor(() => expect(nearOf(other).isFollowing).toBe(false), { timeout: 4000, interval: 20 });
    expect(cacheOf(await postMessage(other.url, asked))).toBe("miss");
  });

  it("who loses the cache service lets go of its copies, and has new ones when it is back", async () => {
    const asked = question();
    const { key } = await untilNear(other, asked);
    wire.cut();
    await vi.waitFor(() => expect(nearOf(other).find(key)).toBeUndefined(), patience);
    await untilNear(other, asked);
  });

  it("a cache service that is told to stop does not wait for who listens", async () => {
    await untilNearInBoth(question());
    const startedAt = performance.now();
    await stack.cache.close(60_000);
    expect(performance.now() - startedAt).toBeLessThan(5000);
  });

  it("with CACHE_NEAR_MEMORY_MB=0 a gateway keeps nothing", async () => {
    const far = await startGateway({
      ...quiet,
      API_PORT: "0",
      CACHE_URL: stack.cache.url,
      INFERENCE_URL: stack.adapter.url,
      CACHE_NEAR_MEMORY_MB: "0",
    });
    const asked = question();
    const own = session();
    await ask(far.url, asked);
    await vi.waitFor(async () => expect((await ask(far.url, asked)).cache).toBe("hit"), patience);
    expect((await ask(far.url, asked, own)).cache).toBe("hit");
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect((await ask(far.url, asked, own)).cache).toBe("refresh");
    expect(nearOf(far).size.entries).toBe(0);
    await far.close();
  });
});

describe.skipIf(isRedisMissing)("two gateways, each with its own cache service, over one Redis", () => {
  let redis: RedisServer;
  let stack: Stack;
  let otherCache: RunningService;
  let other: RunningService;

  beforeEach(async () => {
    redis = await startRedisServer();
    const env = { REDIS_URL: `redis://127.0.0.1:${redis.port}` };
    stack = await startStack({ cache: env });
    otherCache = await startCache({ ...quiet, ...env, CACHE_PORT: "0" });
    other = await startGateway({
      ...quiet,
      API_PORT: "0",
      CACHE_URL: otherCache.url,
      INFERENCE_URL: stack.adapter.url,
    });
    countsAnswers(stack);
    for (const { url } of [stack.cache, otherCache])
      await vi.waitFor(
        async () => expect(await (await fetch(`${url}/stats`)).json()).toMatchObject({ redis: "up" }),
        patience,
      );
  });
  afterEach(async () => {
    await other.close();
    await otherCache.close();
    await stack.close();
    await redis.stop();
  });

  it("what is deleted, cleared and replaced at one is soon so at the other", async () => {
    for (const path of [(key: string) => `/entries/${key}`, () => ""]) {
      const asked = question();
      await untilNear(stack.gateway, asked);
      const { key } = await untilNear(other, asked);
      await fetch(`${stack.url}/cache${path(key)}`, { method: "DELETE" });
      await vi.waitFor(
        async () => expect((await postMessage(other.url, asked, inCacheOnly)).status).toBe(504),
        patience,
      );
    }
    const asked = question();
    await untilNear(stack.gateway, asked);
    const { text } = await untilNear(other, asked);
    const renewed = await ask(stack.url, asked, { "cache-control": "no-cache" });
    expect(renewed.text).not.toBe(text);
    await vi.waitFor(async () => expect((await ask(other.url, asked)).text).toBe(renewed.text), patience);
  });

  it("what one has stored is found by the other, also what was stored before it began", async () => {
    const [before, since] = [question(), question()];
    await ask(stack.url, before);
    await knowsKeys(other);
    const { key } = await ask(stack.url, since);
    await heardOf(other, key);
    for (const asked of [before, since]) expect(await ask(other.url, asked)).toMatchObject({ cache: "hit" });
  });

  it("a session that had the answer at one gets another one at the other", async () => {
    const asked = question();
    await untilNear(stack.gateway, asked);
    const { key } = await untilNear(other, asked);
    const own = session();
    expect(await ask(stack.url, asked, own)).toMatchObject({ cache: "hit" });
    // Its copy is let go of then.
    await vi.waitFor(() => expect(nearOf(other).find(key)).toBeUndefined(), patience);
    expect(await ask(other.url, asked, own)).toMatchObject({ cache: "refresh" });
  });

  it("copies stay through a restart of Redis", async () => {
    const asked = question();
    const { key } = await untilNear(stack.gateway, asked);
    await redis.kill();
    expect(await ask(stack.url, asked)).toMatchObject({ cache: "hit" });
    expect(nearOf(stack.gateway).find(key)).toBeDefined();
  });
});
