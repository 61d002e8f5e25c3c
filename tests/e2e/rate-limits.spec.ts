import { createHash, randomUUID } from "node:crypto";
import { afterEach, describe, expect, it, vi } from "vitest";
import { isRedisMissing, startRedisServer } from "../support/redis-server.js";
import {
  type Stack,
  type StackOptions,
  question,
  startStack,
  untilStored,
  writes,
} from "../support/stack.js";

const sha256 = (key: string) => createHash("sha256").update(key).digest("hex");
const API_KEYS = `alice:${sha256("key-of-alice")},bob:${sha256("key-of-bob")}`;
const alice = { "x-api-key": "key-of-alice" };
const bob = { "x-api-key": "key-of-bob" };

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one.close();
});

async function start(gateway: NodeJS.ProcessEnv, options: StackOptions = {}): Promise<Stack> {
  const stack = await startStack({ ...options, gateway: { API_KEYS, ...gateway } });
  open.push(stack);
  return stack;
}

async function ask(stack: Stack, headers: Record<string, string>, body = question()) {
  const response = await stack.post(body, headers);
  await response.text();
  return response;
}

describe("limits of a key", () => {
  it("refuses more requests a minute than allowed, in Anthropic's shape, and others go on", async () => {
    const stack = await start({ RATE_LIMITS: "alice=2/-/-" });
    const statuses = [];
    for (let n = 0; n < 3; n++) statuses.push((await ask(stack, alice)).status);
    expect(statuses).toEqual([200, 200, 429]);
    const page = await (await fetch(`${stack.url}/metrics`)).text();
    expect(page).toContain('llm_cache_requests_total{result="error"} 1\n');
    expect(page).toMatch(/^gen_ai_server_request_duration_seconds_count\{.*"rate_limit_error".*\} 1$/m);
    const refused = await stack.post(question(), alice);
    expect(await refused.json()).toMatchObject({
      type: "error",
      error: {
        type: "rate_limit_error",
        message: expect.stringContaining("2 requests per minute") as string,
      },
    });
    const seconds = Number(refused.headers.get("retry-after"));
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThanOrEqual(60);
    expect((await ask(stack, bob)).status).toBe(200);
  });

  it("a minute is none longer for a clock that is stepped back", async () => {
    const stack = await start({ RATE_LIMITS: "alice=1/-/-" });
    await ask(stack, alice);
    const { now } = Date;
    vi.spyOn(Date, "now").mockImplementation(() => now() - 3_600_000);
    const { status, headers } = await ask(stack, alice);
    vi.restoreAllMocks();
    expect(status).toBe(429);
    expect(Number(headers.get("retry-after"))).toBeLessThanOrEqual(60);
    expect(headers.get("x-should-retry")).not.toBe("false");
  });

  it("tells each answer what is left", async () => {
    const stack = await start({ RATE_LIMITS: "*=10/5000/700" });
    const { headers } = await ask(stack, alice);
    expect(headers.get("anthropic-ratelimit-requests-limit")).toBe("10");
    expect(headers.get("anthropic-ratelimit-requests-remaining")).toBe("9");
    expect(headers.get("anthropic-ratelimit-input-tokens-limit")).toBe("5000");
    expect(headers.get("anthropic-ratelimit-output-tokens-remaining")).toBe("700");
    expect(headers.get("anthropic-ratelimit-requests-reset")).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  });

  it("counts the tokens of generations, not those of hits", async () => {
    const stack = await start(
      { RATE_LIMITS: "*=-/-/1000000" },
      { ollama: { script: writes("one two three") } },
    );
    const remaining = ({ headers }: Response) =>
      Number(headers.get("anthropic-ratelimit-output-tokens-remaining"));
    const body = question();
    const first = await ask(stack, alice, body);
    expect(remaining(first)).toBe(1_000_000);
    await untilStored(stack, first);
    const hit = await ask(stack, alice, body);
    expect(hit.headers.get("x-cache")).toBe("hit");
    const spent = 1_000_000 - remaining(hit);
    expect(spent).toBeGreaterThan(0);
    expect(1_000_000 - remaining(await ask(stack, alice))).toBe(spent);
  });

  it("counts what was generated for a client that has left", async () => {
    const stack = await start(
      { RATE_LIMITS: "*=-/-/1000000" },
      {
        ollama: { script: writes("one two three ".repeat(2000)), tokenDelayMs: 5 },
        adapter: { DETACH_GRACE_MS: "0" },
      },
    );
    const remaining = async () => {
      const { headers } = await stack.client({ apiKey: "key-of-bob" }).messages.create(short).asResponse();
      return Number(headers.get("anthropic-ratelimit-output-tokens-remaining"));
    };
    const short = { ...question(), max_tokens: 1 };
    const before = await remaining();
    const leaving = new AbortController();
    const response = await stack.post(question({ stream: true }), bob, leaving.signal);
    let seen = "";
    for await (const bytes of response.body!) {
      seen += Buffer.from(bytes as Uint8Array).toString();
      if (seen.split("content_block_delta").length > 40) break;
    }
    leaving.abort();
    await expect.poll(async () => before - (await remaining()), { timeout: 20_000 }).toBeGreaterThan(19);
  });

  it("counts the prompt of whoever leaves as soon as it is sent", async () => {
    const stack = await start({ RATE_LIMITS: "*=-/1000000/-" });
    let looks = 0;
    /** Costs a few tokens itself. */
    const remaining = async () => {
      looks += 1;
      const { headers } = await ask(stack, bob);
      return Number(headers.get("anthropic-ratelimit-input-tokens-remaining"));
    };
    const countGenerations = () =>
      stack.ollama.requests.filter(({ path, method }) => path === "/api/chat" && method === "POST").length;
    const long = () => question({ system: "word ".repeat(2000) });
    const full = await remaining();
    await ask(stack, bob, long());
    const before = await remaining();
    const each = full - before;
    expect(each).toBeGreaterThan(1000);
    const others = looks + 1;
    looks = 0;
    for (let afterMs = 0; afterMs < 30; afterMs++)
      await stack
        .post(long(), bob, AbortSignal.timeout(afterMs))
        .then((answer) => answer.text())
        .catch(() => {});
    const spentOnEach = async () => {
      const spent = before - (await remaining());
      return spent / (countGenerations() - others - looks);
    };
    // Nearly: a nonce may be a token longer or shorter, and where the machine stands still one may not be told in time.
    await expect.poll(spentOnEach, { timeout: 20_000, interval: 500 }).toBeGreaterThan(each * 0.9);
  });

  it("ends a day's budget for good: no client may wait for tomorrow", async () => {
    const stack = await start({ TOKEN_BUDGETS: "alice=1" });
    expect((await ask(stack, alice)).status).toBe(200);
    const refused = await ask(stack, alice);
    expect(refused.status).toBe(429);
    expect(refused.headers.get("x-should-retry")).toBe("false");
    expect(refused.headers.get("anthropic-ratelimit-tokens-remaining")).toBe("0");
  });

  it("never limits count_tokens", async () => {
    const stack = await start({ RATE_LIMITS: "*=1/-/-" });
    const { model, messages } = question();
    for (let n = 0; n < 5; n++) {
      const counted = await stack
        .client({ apiKey: "key-of-alice" })
        .messages.countTokens({ model, messages });
      expect(counted.input_tokens).toBeGreaterThan(0);
    }
  });

  it.skipIf(isRedisMissing)(
    "has one count for all gateways and cache services on one Redis, also over a restart",
    async () => {
      const redis = await startRedisServer();
      open.push({ close: () => redis.stop() });
      const startOnRedis = async () => {
        const cache = { REDIS_URL: `redis://127.0.0.1:${redis.port}` };
        const stack = await start({ RATE_LIMITS: "*=3/-/-" }, { cache });
        await expect
          .poll(async () => JSON.stringify(await (await fetch(`${stack.cache.url}/health`)).json()))
          .toContain('"state":"ok"');
        return stack;
      };
      const stack = await startOnRedis();
      const other = await startOnRedis();
      expect((await ask(stack, alice)).status).toBe(200);
      expect((await ask(other, alice)).status).toBe(200);
      const third = await startOnRedis();
      expect((await ask(third, alice)).headers.get("anthropic-ratelimit-requests-remaining")).toBe("0");
      expect((await ask(stack, alice)).status).toBe(429);
    },
  );

  it("goes on counting when the cache service is gone", async () => {
    const stack = await start({ RATE_LIMITS: "*=2/-/-" });
    await stack.cache.close();
    const statuses = [];
    for (let n = 0; n < 4; n++) statuses.push((await ask(stack, alice)).status);
    expect(statuses).toEqual([200, 200, 429, 429]);
  });

  it("is one for all where there are no keys", async () => {
    const stack = await start({ API_KEYS: "", RATE_LIMITS: "*=1/-/-" });
    expect((await ask(stack, {})).status).toBe(200);
    expect((await ask(stack, { "x-api-key": randomUUID() })).status).toBe(429);
  });
});
