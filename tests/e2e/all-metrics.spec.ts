import { afterEach, describe, expect, it } from "vitest";
import { parseMetrics } from "../support/parse-metrics.js";
import { type Stack, question, startHungServer, startStack } from "../support/stack.js";

let stack: Stack;
afterEach(() => stack.close());

const allMetrics = async (url = stack.url) => {
  const response = await fetch(`${url}/metrics/all`);
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toMatch(/^text\/plain; version=0\.0\.4/);
  return parseMetrics(await response.text());
};
const up = (samples: Map<string, number>) =>
  Object.fromEntries(
    ["gateway", "cache", "inference-adapter"].map((service) => [
      service,
      samples.get(`llm_service_up{service="${service}"}`),
    ]),
  );

describe("GET /metrics/all", () => {
  it("has the metrics of all three services", async () => {
    stack = await startStack();
    await (await stack.post(question())).text();
    const samples = await allMetrics();
    expect(up(samples)).toEqual({ gateway: 1, cache: 1, "inference-adapter": 1 });
    for (const service of ["gateway", "cache", "inference-adapter"])
      expect(samples.get(`process_start_time_seconds{service="${service}"}`)).toBeGreaterThan(0);
    expect(samples.get('llm_cache_requests_total{service="gateway",result="miss"}')).toBe(1);
    expect(samples.get('llm_cache_store_up{service="cache"}')).toBe(1);
    expect(
      samples.get('llm_inference_requests_total{service="inference-adapter",backend="ollama",outcome="ok"}'),
    ).toBe(1);
  });

  it("has what there is when the others are dead", async () => {
    stack = await startStack();
    await stack.cache.close();
    await stack.adapter.close();
    const samples = await allMetrics();
    expect(up(samples)).toEqual({ gateway: 1, cache: 0, "inference-adapter": 0 });
    expect(samples.get('llm_cache_requests_total{service="gateway",result="hit"}')).toBe(0);
  });

  it("does not wait for a service that hangs", async () => {
    const hung = await startHungServer();
    stack = await startStack({ gateway: { CACHE_URL: hung.url } });
    const startedAt = performance.now();
    expect(up(await allMetrics())).toEqual({ gateway: 1, cache: 0, "inference-adapter": 1 });
    expect(performance.now() - startedAt).toBeLessThan(9000);
    await hung.close();
  });

  it("has no samples of a server that is no service of ours and has no metrics", async () => {
    stack = await startStack();
    const foreign = await startStack({ gateway: { INFERENCE_URL: `${stack.url}/nowhere` } });
    expect(up(await allMetrics(foreign.url))).toEqual({ gateway: 1, cache: 1, "inference-adapter": 0 });
    await foreign.close();
  });
});
