import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import type { RunningService } from "#platform/bootstrap.js";
import type { StoreRequest } from "#service-contracts/cache-store.js";
import type { GatewayReport } from "#service-contracts/near-copies.js";
import type { StoredEntry } from "#service-contracts/stored-entry.js";
import { startCache } from "./start-cache.js";

export interface CacheAnswer {
  status: number;
  tier: string | null;
  /** `x-cache-given`. */
  given: string | null;
  text: string;
  durationMs: number;
}

export interface CacheUnderTest {
  service: RunningService;
  ask(method: string, path: string, body?: string): Promise<CacheAnswer>;
  /** `text` is that of the stored answer. */
  get(key: string): Promise<CacheAnswer>;
  /** Stores an answer that says `text`. */
  put(key: string, text: string, ttlSeconds?: number, changed?: Partial<StoreRequest>): Promise<CacheAnswer>;
  /** As a gateway reports that a session has had the answer. */
  mark(key: string, hash: string): Promise<CacheAnswer>;
  redisState(): Promise<string>;
}

/** Several times what the service allows itself: the machine is shared with other tests. */
export const boundMs = 1500;

/** 64 hexadecimal digits. */
export function keyOf(number: number): string {
  return number.toString(16).padStart(64, "0");
}

/** A finished answer of one text. */
export function entryOf(text: string, changed: Partial<StoredEntry> = {}): StoredEntry {
  return {
    version: 1,
    storedAt: Date.now(),
    servedModel: "tiny:latest",
    gpuSeconds: 2,
    message: {
      id: "msg_1",
      type: "message",
      role: "assistant",
      model: "tiny",
      content: [{ type: "text", text }],
      stop_reason: "end_turn",
      stop_sequence: null,
      usage: { input_tokens: 10, output_tokens: 5 },
    },
    ...changed,
  };
}

export function reportOf(changed: Partial<GatewayReport>): GatewayReport {
  return { hits: [], misses: 0, stores: 0, given: [], entries: 0, bytes: 0, ...changed };
}

function textOf({ message }: StoredEntry): string {
  return message.content.map((block) => (block.type === "text" ? block.text : "")).join("");
}

/** A real application on a free port. */
export async function startCacheUnderTest(env: NodeJS.ProcessEnv = {}): Promise<CacheUnderTest> {
  const service = await startCache({ CACHE_PORT: "0", LOG_LEVEL: "silent", ...env });
  const ask = async (method: string, path: string, body?: string): Promise<CacheAnswer> => {
    const startedAt = performance.now();
    const answer = await fetch(service.url + path, { method, body });
    const text = await answer.text();
    const durationMs = performance.now() - startedAt;
    const [tier, given] = ["x-cache-tier", "x-cache-given"].map((name) => answer.headers.get(name));
    return { status: answer.status, tier: tier ?? null, given: given ?? null, text, durationMs };
  };
  return {
    service,
    ask,
    get: async (key) => {
      const answer = await ask("GET", `/entries/${key}`);
      return answer.status === 200
        ? { ...answer, text: textOf(JSON.parse(answer.text) as StoredEntry) }
        : answer;
    },
    put: (key, text, ttlSeconds = 60, changed = {}) => {
      const body = JSON.stringify({ entry: entryOf(text), tenant: "-", ...changed });
      return ask("PUT", `/entries/${key}?ttl=${ttlSeconds}`, body);
    },
    mark: (key, hash) => ask("POST", "/reports", JSON.stringify(reportOf({ given: [[key, [hash]]] }))),
    redisState: async () => {
      const { text } = await ask("GET", "/stats");
      return (JSON.parse(text) as { redis: string }).redis;
    },
  };
}

export async function waitUntil(what: string, isTrue: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!(await isTrue())) {
    if (performance.now() > deadline) throw new Error(`waited too long until ${what}`);
    await sleep(50);
  }
}

export function waitForState(cache: CacheUnderTest, state: string): Promise<void> {
  return waitUntil(`Redis is ${state}`, async () => (await cache.redisState()) === state);
}

/** Every operation, again and again: each is answered in time. A new key each time, so that Redis is asked. */
export async function expectBoundedAnswers(cache: CacheUnderTest, rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    const key = keyOf(Date.now() * 1000 + round);
    const answers = [
      await cache.get(key),
      await cache.put(key, `{"round":${round}}`),
      await cache.get(key),
      await cache.ask("DELETE", `/entries/${key}`),
      await cache.ask("GET", "/health"),
    ];
    expect(answers.map(({ status }) => status)).toEqual([404, 204, 200, expect.any(Number), 200]);
    for (const { durationMs } of answers) expect(durationMs).toBeLessThan(boundMs);
  }
}
