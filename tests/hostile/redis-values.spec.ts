import fc from "fast-check";
import { createClient } from "redis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RedisServer, isRedisMissing, startRedisServer } from "../support/redis-server.js";
import { type Stack, question, startStack, untilStored } from "../support/stack.js";
import { thoroughness } from "./expect-civil.js";

// Values in a real Redis that were damaged, exchanged or written by somebody else: each is a miss.

describe.skipIf(isRedisMissing)("what stands in Redis", () => {
  let redis: RedisServer;
  let stack: Stack;
  const open = async () => {
    const client = createClient({ socket: { port: redis.port } });
    return client.on("error", () => {}).connect();
  };
  let client: Awaited<ReturnType<typeof open>>;
  beforeAll(async () => {
    redis = await startRedisServer();
    client = await open();
    // Nothing stays in the process' memory: every lookup asks Redis.
    const cache = { REDIS_URL: `redis://127.0.0.1:${redis.port}`, CACHE_MAX_MEMORY_MB: "1" };
    stack = await startStack({ cache });
  });
  afterAll(async () => {
    await client.quit();
    await stack.close();
    await redis.stop();
  });

  const valueKeys = (): Promise<string[]> => client.keys("llm-selfhost:*");
  const cacheOf = ({ headers }: Response) => headers.get("x-cache");

  /** A second cache service, whose memory knows nothing, over the same Redis. */
  async function askFresh(asked: object): Promise<{ cache: string | null; text: string }> {
    const fresh = await startStack({ cache: { REDIS_URL: `redis://127.0.0.1:${redis.port}` } });
    try {
      const response = await fresh.post(asked);
      expect(response.status).toBe(200);
      for (const path of ["/cache/stats", "/cache/entries?limit=50", "/health"]) {
        const answer = await fetch(fresh.url + path);
        expect(await answer.text()).not.toContain("Internal server error");
      }
      return { cache: cacheOf(response), text: await response.text() };
    } finally {
      await fresh.close();
    }
  }

  it("damaged in any way is a miss and no error", { timeout: 600_000 }, async () => {
    const bytes = fc.uint8Array({ maxLength: 300 });
    const damage = fc.oneof(
      fc.record({ how: fc.constant("replace" as const), bytes }),
      fc.record({ how: fc.constant("flip" as const), at: fc.nat(400) }),
      fc.record({ how: fc.constant("cut" as const), at: fc.nat(400) }),
      fc.record({ how: fc.constantFrom("list" as const, "number" as const, "gone" as const) }),
    );
    await fc.assert(
      fc.asyncProperty(damage, async (chosen) => {
        const asked = question();
        const first = await stack.post(asked);
        const right = (await first.json()) as { content: unknown };
        await untilStored(stack, first);
        const key = `llm-selfhost:entry:1:${first.headers.get("x-cache-key")}`;
        const value = await client.get(client.commandOptions({ returnBuffers: true }), key);
        expect(value).not.toBeNull();
        await damageValue(key, value as Buffer, chosen);
        const again = await askFresh(asked);
        expect((JSON.parse(again.text) as { content: unknown }).content).toEqual(right.content);
        expect(again.cache).toBe("miss");
      }),
      { numRuns: 12 * thoroughness },
    );
  });

  type Damage =
    | { how: "replace"; bytes: Uint8Array }
    | { how: "flip" | "cut"; at: number }
    | { how: "list" | "number" | "gone" };

  async function damageValue(key: string, value: Buffer, damage: Damage): Promise<void> {
    if (damage.how === "replace") return void (await client.set(key, Buffer.from(damage.bytes)));
    await client.del(key);
    if (damage.how === "list") await client.lPush(key, "a");
    if (damage.how === "number") await client.set(key, "7");
    if (damage.how === "cut") await client.set(key, value.subarray(0, damage.at % value.length));
    if (damage.how === "flip") {
      const flipped = Buffer.from(value);
      flipped[damage.at % value.length]! ^= 1;
      await client.set(key, flipped);
    }
  }

  it("exchanged between two questions is a miss for both", async () => {
    const asked = [question(), question()];
    const keys = await Promise.all(
      asked.map(async (one) => {
        const response = await stack.post(one);
        await response.text();
        await untilStored(stack, response);
        return `llm-selfhost:entry:1:${response.headers.get("x-cache-key")}`;
      }),
    );
    const values = await Promise.all(
      keys.map((key) => client.get(client.commandOptions({ returnBuffers: true }), key)),
    );
    for (const [index, key] of keys.entries()) await client.set(key, values.at(index - 1) as Buffer);
    for (const one of asked) expect((await askFresh(one)).cache).toBe("miss");
  });

  it("of ours, all of it replaced by garbage, stops nothing", { timeout: 120_000 }, async () => {
    const asked = question();
    const first = await stack.post(asked);
    await first.text();
    await untilStored(stack, first);
    for (const [index, key] of (await valueKeys()).entries()) {
      await client.del(key);
      if (index % 2 === 0) await client.set(key, "garbage");
      else await client.hSet(key, "garbage", "1");
    }
    expect((await askFresh(asked)).cache).toBe("miss");
    for (let count = 0; count < 5; count++) expect((await stack.post(question())).status).toBe(200);
  });
});
