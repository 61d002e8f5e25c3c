import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { startGateway } from "../../services/gateway/src/start-gateway.js";
import { parseMetrics } from "../support/parse-metrics.js";
import { type Stack, postMessage, question, startStack, untilStored, writes } from "../support/stack.js";

interface Health {
  status: string;
  details: Record<string, Record<string, unknown>>;
}
const healthOf = async (url: string, path = "/health"): Promise<[number, Health]> => {
  const response = await fetch(url + path);
  return [response.status, (await response.json()) as Health];
};

describe("health", () => {
  let stack: Stack;
  afterEach(() => stack.close());
  const urls = () => [stack.gateway.url, stack.cache.url, stack.adapter.url];

  it("is well with everything up", async () => {
    stack = await startStack();
    for (const url of urls())
      for (const path of ["/health", "/health/live", "/health/ready"])
        expect(await healthOf(url, path)).toMatchObject([200, { status: "ok" }]);
    const [, { details }] = await healthOf(stack.url);
    expect(details).toMatchObject({
      cache: { state: "ok" },
      inference: { status: "up", latency_ms: expect.any(Number) as number },
    });
  });

  it("is degraded, no more, without a cache", async () => {
    stack = await startStack();
    await stack.cache.close();
    expect(await healthOf(stack.url)).toMatchObject([200, { details: { cache: { state: "degraded" } } }]);
    expect((await healthOf(stack.url, "/health/ready"))[0]).toBe(200);
    expect((await stack.post(question())).status).toBe(200);
  });

  it("is 503 without Ollama, and says why; the processes live", async () => {
    stack = await startStack();
    await stack.ollama.stop();
    for (const url of [stack.url, stack.adapter.url])
      for (const path of ["/health", "/health/ready"]) {
        const [status, { status: told, details }] = await healthOf(url, path);
        expect([url, path, status, told]).toEqual([url, path, 503, "error"]);
        expect(JSON.stringify(details)).toContain("ECONNREFUSED");
      }
    for (const url of urls()) expect((await healthOf(url, "/health/live"))[0]).toBe(200);
    await stack.ollama.resume();
    await vi.waitFor(async () => expect((await healthOf(stack.url, "/health/ready"))[0]).toBe(200), {
      timeout: 15_000,
      interval: 100,
    });
  });

  it("knows services that have been mistaken for each other", async () => {
    stack = await startStack();
    const { cache, adapter } = stack;
    const env = { LOG_LEVEL: "silent", API_PORT: "0" };
    const gateway = await startGateway({ ...env, CACHE_URL: adapter.url, INFERENCE_URL: cache.url });
    try {
      expect(await healthOf(gateway.url)).toMatchObject([
        503,
        {
          details: {
            inference: { status: "down", message: expect.stringContaining("INFERENCE_URL") as string },
            cache: { state: "degraded", message: expect.stringContaining("CACHE_URL") as string },
          },
        },
      ]);
      expect((await healthOf(gateway.url, "/health/ready"))[0]).toBe(503);
    } finally {
      await gateway.close();
    }
  });

  it("is 503 without the adapter", async () => {
    stack = await startStack();
    await stack.adapter.close();
    const [status, { details }] = await healthOf(stack.url);
    expect(status).toBe(503);
    expect(details).toMatchObject({ inference: { status: "down" }, cache: { state: "ok" } });
  });

  it("is not ready without the default model", async () => {
    stack = await startStack({
      adapter: { MODEL_NAME: "missing:7b" },
      gateway: { MODEL_NAME: "missing:7b" },
    });
    const [status, { details }] = await healthOf(stack.url, "/health/ready");
    expect(status).toBe(503);
    expect(JSON.stringify(details)).toContain("missing:7b");
    const response = await stack.post(question({ model: "claude-opus-9" }));
    expect(await response.json()).toMatchObject({ type: "error" });
    expect([404, 529]).toContain(response.status);
  });
});

const metricsOf = async (url: string) => {
  const response = await fetch(`${url}/metrics`);
  expect(response.headers.get("content-type")).toMatch(/^text\/plain; version=0\.0\.4/);
  return parseMetrics(await response.text());
};
const namesOf = (samples: Map<string, number>) =>
  new Set([...samples.keys()].map((sample) => sample.split("{")[0]));

describe("metrics", () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack();
  });
  afterAll(() => stack.close());

  it("agree with what a client counted", async () => {
    const counted: Record<string, number> = {};
    const ask = async (body: object | string, headers?: Record<string, string>) => {
      const response = await stack.post(body, headers);
      await response.text();
      // A 504 is what `only-if-cached` says of a miss.
      const result =
        response.ok || response.status === 504 ? (response.headers.get("x-cache") ?? "none") : "error";
      counted[result] = (counted[result] ?? 0) + 1;
      return response;
    };
    const asked = [question(), question({ stream: true }), question()];
    for (const body of asked) await untilStored(stack, await ask(body));
    for (const body of [...asked, ...asked, asked[0] ?? {}]) await ask(body);
    await ask(asked[0] ?? {}, { "cache-control": "no-cache" });
    await ask(question(), { "cache-control": "no-store" });
    for (const more of ["", ", no-cache", ", no-store"])
      await ask(question(), { "cache-control": `only-if-cached${more}` });
    const { data: recent } = (await (await fetch(`${stack.url}/status/requests`)).json()) as {
      data: { result: string; error: string | null }[];
    };
    for (const missed of recent.slice(0, 3)) expect(missed).toMatchObject({ result: "miss", error: null });
    await ask(question({ model: "nope:1b" }));
    await ask("{");
    expect(counted).toEqual({ miss: 6, hit: 7, refresh: 1, bypass: 1, error: 2 });

    const samples = await vi.waitFor(
      async () => {
        const now = await metricsOf(stack.url);
        expect(now.get('llm_cache_requests_total{result="bypass"}')).toBe(1);
        return now;
      },
      { timeout: 5000, interval: 50 },
    );
    for (const result of ["miss", "hit", "refresh", "bypass"])
      expect([result, samples.get(`llm_cache_requests_total{result="${result}"}`)]).toEqual([
        result,
        counted[result],
      ]);
    expect(samples.get("llm_cache_hit_ratio")).toBeCloseTo(7 / 13);
    const total = [...samples]
      .filter(([sample]) => sample.startsWith("gen_ai_server_request_duration_seconds_count"))
      .reduce((sum, [, count]) => sum + count, 0);
    expect(total).toBeGreaterThanOrEqual(15);
    expect(samples.get('llm_saved_tokens_total{model="qwen3-coder:30b"}')).toBeGreaterThan(0);
    expect(
      samples.get(
        'gen_ai_client_token_usage_total{model="qwen3-coder:30b",token_type="output",source="cache"}',
      ),
    ).toBeGreaterThan(0);
  });

  it("have the names that dashboards know", async () => {
    await (await stack.post(question({ stream: true }))).text();
    const expected = {
      [stack.gateway.url]: [
        "gen_ai_server_request_duration_seconds_bucket",
        "gen_ai_server_time_to_first_token_seconds_bucket",
        "gen_ai_server_time_per_output_token_seconds_bucket",
        "gen_ai_client_token_usage_total",
        "llm_cache_requests_total",
        "llm_cache_hit_ratio",
        "llm_saved_tokens_total",
        "llm_saved_gpu_seconds_total",
        "llm_cache_store_failures_total",
        "llm_gpu_price_dollars_per_hour",
        "llm_cloud_price_dollars_per_million_tokens",
      ],
      [stack.cache.url]: [
        "llm_cache_operation_duration_seconds_bucket",
        "llm_cache_entries",
        "llm_cache_bytes",
        "llm_cache_store_up",
      ],
      [stack.adapter.url]: [
        "llm_inference_requests_total",
        "llm_inference_in_flight",
        "llm_inference_queue_depth",
        "llm_inference_queue_wait_seconds_bucket",
        "llm_inference_seconds_total",
        "llm_prefill_seconds_per_token_bucket",
        "llm_tool_call_rescues_total",
        "llm_prompt_rejected_total",
        "llm_model_loaded",
        "llm_idle_seconds",
      ],
    };
    for (const [url, wanted] of Object.entries(expected)) {
      const names = namesOf(await metricsOf(url));
      expect(wanted.filter((name) => !names.has(name))).toEqual([]);
      expect(names).toContain("process_cpu_seconds_total");
      expect(names).toContain("nodejs_heap_size_used_bytes");
    }
  });

  it("are there before the first event, so that no event is lost to a rate", async () => {
    const fresh = await startStack();
    const samples = new Map([...(await metricsOf(fresh.url)), ...(await metricsOf(fresh.adapter.url))]);
    await fresh.close();
    const results = ["hit", "miss", "coalesced", "bypass", "refresh", "error"];
    const kinds = ["qwen3_xml", "hermes_json", "bare_json", "retry"];
    for (const sample of [
      ...results.map((result) => `llm_cache_requests_total{result="${result}"}`),
      ...kinds.map((kind) => `llm_tool_call_rescues_total{kind="${kind}"}`),
      ...["load", "prefill", "decode"].map((phase) => `llm_inference_seconds_total{phase="${phase}"}`),
      'llm_saved_tokens_total{model="other"}',
      'llm_saved_gpu_seconds_total{model="other"}',
      'llm_inference_requests_total{backend="ollama",outcome="ok"}',
      "llm_prompt_rejected_total",
    ])
      expect([sample, samples.get(sample)]).toEqual([sample, 0]);
  });

  it("count a prompt that does not fit, the model's work and whether it is loaded", async () => {
    const small = await startStack({ adapter: { CONTEXT_LENGTH: "4096", MODEL_WARMUP: "true" } });
    await vi.waitFor(
      async () => expect((await metricsOf(small.adapter.url)).get("llm_model_loaded")).toBe(1),
      {
        timeout: 10_000,
        interval: 50,
      },
    );
    const long = question({ messages: [{ role: "user", content: "many words ".repeat(9000) }] });
    expect((await small.post(long)).status).toBe(400);
    await (await small.post(question())).text();
    const samples = await metricsOf(small.adapter.url);
    expect(samples.get("llm_prompt_rejected_total")).toBe(1);
    expect(samples.get("llm_prefill_seconds_per_token_count")).toBe(1);
    expect(samples.get('llm_inference_seconds_total{phase="prefill"}')).toBeGreaterThan(0);
    await small.ollama.stop();
    expect((await metricsOf(small.adapter.url)).get("llm_model_loaded")).toBe(0);
    await small.close();
  });

  it("stay bounded, whatever clients ask for", async () => {
    const before = (await metricsOf(stack.url)).size;
    for (let count = 0; count < 15; count++)
      await stack.post(question({ model: `made-up-${count}` }), { "x-api-key": `k${count}` });
    const page = await (await fetch(`${stack.url}/metrics`)).text();
    expect(page).not.toContain("made-up");
    expect(parseMetrics(page).size).toBeLessThan(before + 60);
    const models = new Set([...page.matchAll(/model="([^"]*)"/g)].map(([, model]) => model));
    expect(models).toEqual(new Set(["other", "qwen3-coder:30b"]));
  });
});

describe("the log", () => {
  const folder = mkdtempSync(join(tmpdir(), "llm-selfhost-log-"));
  const file = (name: string) => join(folder, `${name}.log`);
  const linesOf = (name: string) =>
    readFileSync(file(name), "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  const cacheLines = () => linesOf("gateway").filter(({ msg }) => String(msg).startsWith("cache "));
  let stack: Stack;

  beforeAll(async () => {
    const env = (name: string) => ({ LOG_LEVEL: "info", LOG_FILE: file(name) });
    stack = await startStack({ gateway: env("gateway"), cache: env("cache"), adapter: env("adapter") });
  });
  afterAll(async () => {
    await stack.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it("has one line a request that tells what the cache did, and nothing of its content", async () => {
    stack.ollama.script(writes("The secret answer is banana."));
    const asked = question({
      system: "You keep the secret of the papaya.",
      messages: [{ role: "user", content: "What about the mango?" }],
    });
    const headers = { "x-api-key": "sk-cherry", authorization: "Bearer sk-cherry" };
    const ask = async (body: object) => {
      const response = await postMessage(stack.url, body, headers);
      await response.text();
      return response;
    };
    await untilStored(stack, await ask(asked));
    const hit = await ask({ ...asked, stream: true });
    stack.ollama.script([{ text: "banana" }, { cut: "reset" }]);
    await ask({ ...asked, max_tokens: 9 });
    await ask({ ...asked, model: "nope:1b" });
    await ask({ ...asked, messages: [{ role: "user", content: [{ type: "text", text: 5, mango: 1 }] }] });

    await vi.waitFor(() => expect(cacheLines().length).toBeGreaterThanOrEqual(5), {
      timeout: 10_000,
      interval: 50,
    });
    expect(cacheLines().map(({ msg }) => msg)).toEqual([
      "cache miss",
      "cache hit",
      "cache miss",
      "cache error",
      "cache error",
    ]);
    expect(cacheLines()[1]).toMatchObject({
      service: "gateway",
      request_id: hit.headers.get("request-id"),
      model: "qwen3-coder:30b",
      key: hit.headers.get("x-cache-key")?.slice(0, 16),
      stream: true,
      ms: expect.any(Number) as number,
      output_tokens: expect.any(Number) as number,
    });
    for (const name of ["gateway", "cache", "adapter"])
      expect(readFileSync(file(name), "utf8")).not.toMatch(/banana|papaya|mango|cherry/);
  });

  it("does not call it an error when a client leaves", async () => {
    const before = cacheLines().length;
    stack.ollama.script([{ delayMs: 500 }, { text: "late" }]);
    for (const stream of [false, true]) {
      const leaving = new AbortController();
      const asked = stack.post(question({ stream }), {}, leaving.signal);
      await vi.waitFor(() => expect(stack.ollama.running()).toBe(1), { timeout: 10_000, interval: 10 });
      leaving.abort();
      await asked.catch(() => {});
      await vi.waitFor(() => expect(stack.ollama.running()).toBe(0), { timeout: 10_000, interval: 10 });
    }
    await vi.waitFor(() => expect(cacheLines().length).toBe(before + 2), { timeout: 10_000, interval: 50 });
    for (const line of cacheLines().slice(before))
      expect(line).toMatchObject({ level: 30, client_gone: true });
    expect(linesOf("gateway").filter(({ level }) => Number(level) >= 50)).toEqual([]);
  });
});
