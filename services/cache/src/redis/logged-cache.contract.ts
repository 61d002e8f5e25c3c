import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import {
  type CacheUnderTest,
  expectBoundedAnswers,
  startCacheUnderTest,
} from "../cache-under-test.contract.js";

export interface LoggedCache extends CacheUnderTest {
  /** What its warnings give as the reason, in order. */
  reasons(): Promise<string[]>;
  logText(): Promise<string>;
  /** What `/health` gives as the reason; `undefined` while all is well. */
  healthReason(): Promise<string | undefined>;
  metric(name: string): Promise<number>;
  stop(): Promise<void>;
}

/** A running cache service whose log can be read. */
export async function startLoggedCache(env: NodeJS.ProcessEnv): Promise<LoggedCache> {
  const directory = await mkdtemp(join(tmpdir(), "llm-selfhost-log-"));
  const file = join(directory, "cache.log");
  const cache = await startCacheUnderTest({ LOG_LEVEL: "warn", LOG_FILE: file, ...env });
  const logText = () => readFile(file, "utf8").catch(() => "");
  return {
    ...cache,
    logText,
    reasons: async () =>
      (await logText())
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => (JSON.parse(line) as { reason?: string }).reason ?? ""),
    healthReason: async () => {
      const { text } = await cache.ask("GET", "/health");
      return (JSON.parse(text) as { details: { redis: { reason?: string } } }).details.redis.reason;
    },
    metric: async (name) => {
      const { text } = await cache.ask("GET", "/metrics");
      const line = text.split("\n").find((candidate) => candidate.startsWith(`${name} `));
      return Number(line?.split(" ").at(-1));
    },
    stop: async () => {
      await cache.service.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** One line says it, in the log and in `/health`, and no line holds the password. */
export async function expectTold(cache: LoggedCache, reason: RegExp, password = "hunter2"): Promise<void> {
  await expect.poll(() => cache.healthReason(), { timeout: 20_000 }).toMatch(reason);
  await expect.poll(() => cache.reasons(), { timeout: 5000 }).toContainEqual(expect.stringMatching(reason));
  expect((await cache.reasons()).filter((told) => reason.test(told))).toHaveLength(1);
  expect(await cache.logText()).not.toContain(password);
}

/** Puts and gets without a pause; each has to be answered in time. */
export function startLoad(cache: CacheUnderTest): { stop(): Promise<void> } {
  const end = new AbortController();
  const run = async () => {
    while (!end.signal.aborted) await expectBoundedAnswers(cache, 1);
  };
  const running = run();
  running.catch(() => {});
  return {
    stop: async () => {
      end.abort();
      await running;
    },
  };
}
