import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { MessageStreamEvent } from "#anthropic/events.js";
import { decodeEvents } from "#anthropic/sse.js";
import type { RunningService } from "#platform/bootstrap.js";
import { findFreePort } from "../support/free-ports.js";
import { startGateway } from "../../services/gateway/src/start-gateway.js";
import { postMessage, question } from "../support/stack.js";

// Processes that die at once, as by an out-of-memory killer: no handler of theirs runs.

const root = fileURLToPath(new URL("../../", import.meta.url));
const children = new Map<string, ChildProcess>();
let gateway: RunningService;
/** And some more for a machine that is busy with other tests. */
const aSecondMs = 2500;

function run(name: string, program: string, env: NodeJS.ProcessEnv): ChildProcess {
  const { PATH, HOME } = process.env;
  const child = spawn(process.execPath, [program], {
    cwd: root,
    env: { PATH, HOME, ...env },
    stdio: "ignore",
  });
  children.set(name, child);
  return child;
}

beforeEach(async () => {
  const [ollamaPort, adapterPort] = [String(await findFreePort()), String(await findFreePort())];
  const script = JSON.stringify([{ text: "Some words" }, { delayMs: 60_000 }]);
  run("ollama", "tests/support/fake-ollama/fake-ollama.ts", { PORT: ollamaPort, FAKE_OLLAMA_SCRIPT: script });
  run("adapter", "dist/bundle/inference-adapter.js", {
    INFERENCE_PORT: adapterPort,
    OLLAMA_HOST: `127.0.0.1:${ollamaPort}`,
    LOG_LEVEL: "silent",
  });
  gateway = await startGateway({
    API_PORT: "0",
    LOG_LEVEL: "silent",
    DRAIN_TIMEOUT_MS: "0",
    CACHE_URL: "http://127.0.0.1:1",
    INFERENCE_URL: `http://127.0.0.1:${adapterPort}`,
  });
  const isReady = async () => expect((await fetch(`${gateway.url}/health/ready`)).status).toBe(200);
  await vi.waitFor(isReady, { timeout: 30_000, interval: 100 });
});

afterEach(async () => {
  await gateway.close();
  for (const child of children.values()) {
    child.kill("SIGKILL");
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  }
  children.clear();
});

describe.each(["adapter", "ollama"])("killed while it answers: %s", (name) => {
  it("the stream ends with an error event within a second", async () => {
    const response = await postMessage(gateway.url, question({ stream: true }));
    const events: MessageStreamEvent[] = [];
    let killedAt = Infinity;
    for await (const event of decodeEvents(response.body as AsyncIterable<Uint8Array>)) {
      events.push(event);
      if (event.type !== "content_block_delta" || killedAt < Infinity) continue;
      killedAt = performance.now();
      children.get(name)?.kill("SIGKILL");
    }
    expect(performance.now() - killedAt).toBeLessThan(aSecondMs);
    expect(events.at(-1)).toMatchObject({ type: "error", error: { type: "api_error" } });
    expect(events.map(({ type }) => type)).not.toContain("message_stop");
  });

  it("a unary answer is an error within a second", async () => {
    const answer = postMessage(gateway.url, question());
    await new Promise((resolve) => setTimeout(resolve, 500));
    const killedAt = performance.now();
    children.get(name)?.kill("SIGKILL");
    const response = await answer;
    expect(performance.now() - killedAt).toBeLessThan(aSecondMs);
    expect(response.status).toBe(500);
    expect(await response.json()).toMatchObject({ type: "error", error: { type: "api_error" } });
  });
});
