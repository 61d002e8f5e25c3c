import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { RunningService } from "#platform/bootstrap.js";
import { startGateway } from "../../services/gateway/src/start-gateway.js";
import { type Stack, postMessage, question, readEvents, startStack } from "../support/stack.js";
import { type Wire, layWire } from "../support/wire.js";

// Several gateways before one adapter: whichever is asked, a question is one generation.

const patience = { timeout: 15_000, interval: 20 };
const slowly = Array.from({ length: 20 }, (_, index) => [{ text: `${index} ` }, { delayMs: 50 }]).flat();
const whole = expect.stringMatching(/^0 1 2 .* 19 $/) as string;
const cacheOf = ({ headers }: Response) => headers.get("x-cache");

let stack: Stack;
let wire: Wire;
let other: RunningService;

beforeEach(async () => {
  stack = await startStack();
  wire = await layWire(stack.adapter.url);
  const env = { API_PORT: "0", LOG_LEVEL: "silent", DRAIN_TIMEOUT_MS: "0" };
  other = await startGateway({ ...env, CACHE_URL: stack.cache.url, INFERENCE_URL: wire.url });
  stack.ollama.script(slowly);
});
afterEach(async () => {
  await other.close();
  wire.close();
  await stack.close();
});

async function untilHit(asked: object): Promise<void> {
  await vi.waitFor(async () => {
    const cached = await stack.post(asked, { "cache-control": "only-if-cached" });
    expect(cacheOf(cached)).toBe("hit");
  }, patience);
}

describe("two gateways", () => {
  it("share one generation, stream and unary mixed, and each of its events", async () => {
    const asked = question();
    const [streamed, unary, late] = await Promise.all([
      postMessage(other.url, { ...asked, stream: true }),
      stack.post(asked),
      new Promise((resolve) => setTimeout(resolve, 300)).then(() => stack.post({ ...asked, stream: true })),
    ]);
    const results = [streamed, unary, late].map(cacheOf);
    expect(results.filter((result) => result === "coalesced")).toHaveLength(2);
    expect(await unary.json()).toMatchObject({ content: [{ text: whole }] });
    for (const response of [streamed, late]) {
      const events = await readEvents(response);
      expect(events.at(-1)?.type).toBe("message_stop");
      expect(events.filter(({ type }) => type === "content_block_delta").length).toBeGreaterThanOrEqual(20);
    }
    expect(stack.ollama.generations()).toBe(1);
  });

  it("one that dies loses no generation that the other waits for", async () => {
    const asked = question();
    const first = postMessage(other.url, asked);
    await vi.waitFor(() => expect(stack.ollama.running()).toBe(1), patience);
    const second = stack.post(asked);
    await new Promise((resolve) => setTimeout(resolve, 200));
    wire.cut();
    expect((await first).status).toBe(500);
    const response = await second;
    expect(cacheOf(response)).toBe("coalesced");
    expect(await response.json()).toMatchObject({ content: [{ text: whole }] });
    await untilHit(asked);
    expect(stack.ollama.generations()).toBe(1);
  });

  it("an answer that ended while nobody listened is stored by whoever asks for it", async () => {
    const asked = question();
    const first = postMessage(other.url, asked);
    await vi.waitFor(() => expect(stack.ollama.running()).toBe(1), patience);
    wire.cut();
    expect((await first).status).toBe(500);
    await vi.waitFor(() => expect(stack.ollama.running()).toBe(0), patience);
    const response = await stack.post(asked);
    expect(cacheOf(response)).toBe("coalesced");
    expect(await response.json()).toMatchObject({ content: [{ text: whole }], stop_reason: "end_turn" });
    await untilHit(asked);
    expect(stack.ollama.generations()).toBe(1);
  });
});
