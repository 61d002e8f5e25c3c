import { expect, it, onTestFinished } from "vitest";
import { findFreePort } from "../support/free-ports.js";
import { startGateway } from "../../services/gateway/src/start-gateway.js";

it("a gateway whose INFERENCE_URL is its own says so instead of asking itself for ever", async () => {
  const port = String(await findFreePort());
  const url = `http://127.0.0.1:${port}`;
  const gateway = await startGateway({
    API_PORT: port,
    INFERENCE_URL: url,
    CACHE_URL: "http://127.0.0.1:9",
    LOG_LEVEL: "silent",
    DRAIN_TIMEOUT_MS: "0",
  });
  onTestFinished(() => gateway.close());
  const ask = async (path: string, init?: RequestInit) => {
    const response = await fetch(`${url}${path}`, { ...init, signal: AbortSignal.timeout(20_000) });
    return { status: response.status, text: await response.text() };
  };
  const body = JSON.stringify({
    model: "opus",
    max_tokens: 9,
    messages: [{ role: "user", content: "Hi" }],
  });
  const answer = await ask("/v1/messages", { method: "POST", body });
  expect(answer).toMatchObject({ status: 500, text: expect.stringContaining("leads back to this gateway") });
  const health = await ask("/health");
  expect(health).toMatchObject({ status: 503, text: expect.stringContaining("leads back to this gateway") });
});
