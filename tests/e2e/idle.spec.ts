import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it, vi } from "vitest";
import { parseMetrics } from "../support/parse-metrics.js";
import { type Stack, question, startStack } from "../support/stack.js";

let stack: Stack;
afterEach(() => stack.close());

describe("llm_idle_seconds", () => {
  const idle = async () => {
    const samples = parseMetrics(await (await fetch(`${stack.adapter.url}/metrics`)).text());
    return samples.get("llm_idle_seconds") ?? NaN;
  };
  const untilIdle = (seconds: number) =>
    vi.waitFor(async () => expect(await idle()).toBeGreaterThan(seconds), { timeout: 20_000, interval: 50 });

  it("is 0 while a stream runs and grows afterwards", async () => {
    stack = await startStack();
    stack.ollama.script([{ text: "Some " }, { delayMs: 1500 }, { text: "words." }]);
    await untilIdle(0.5);
    const response = await stack.post(question({ stream: true }));
    await response.body?.getReader().read();
    expect(await idle()).toBe(0);
    await untilIdle(1);
  });

  it.each(["", "inner-secret"])(
    "begins anew with an answer from the cache, INNER_TOKEN=%s",
    async (token) => {
      const env = { INNER_TOKEN: token };
      stack = await startStack({ gateway: env, cache: env, adapter: env });
      const asked = question();
      await stack.post(asked);
      await untilIdle(1);
      const hit = await stack.post(asked);
      expect(hit.headers.get("x-cache")).toBe("hit");
      await vi.waitFor(async () => expect(await idle()).toBeLessThan(1), { timeout: 5000, interval: 20 });
    },
  );
});

describe("IDLE_COMMAND", () => {
  it("runs once when nobody asks any more, and not during a stream", async () => {
    const folder = mkdtempSync(join(tmpdir(), "llm-selfhost-idle-"));
    const file = join(folder, "runs");
    const runs = () => (existsSync(file) ? readFileSync(file, "utf8").split("\n").length - 1 : 0);
    stack = await startStack({ adapter: { IDLE_COMMAND: `echo run >> '${file}'`, IDLE_MINUTES: "0.05" } });
    stack.ollama.script([{ text: "Some " }, { delayMs: 6000 }, { text: "words." }]);
    await (await stack.post(question({ stream: true }))).text();
    expect(runs()).toBe(0);
    await vi.waitFor(() => expect(runs()).toBe(1), { timeout: 20_000, interval: 100 });
    await sleep(4000);
    expect(runs()).toBe(1);
    rmSync(folder, { recursive: true });
  });
});
