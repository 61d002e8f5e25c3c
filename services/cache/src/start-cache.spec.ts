import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CacheUnderTest, keyOf, startCacheUnderTest, waitUntil } from "./cache-under-test.contract.js";

const entry = '{ "version": 1, "message": { "text": "h\\u00e4 → 🙂", "n": 1.0 } }';

describe("the cache service without Redis", () => {
  let cache: CacheUnderTest;

  beforeAll(async () => {
    cache = await startCacheUnderTest({ CACHE_MAX_ENTRY_KB: "16", CACHE_MAX_TTL: "1000" });
  });

  afterAll(() => cache.service.close());

  it("stores, finds and deletes an entry", async () => {
    expect(await cache.get(keyOf(1))).toMatchObject({ status: 404, tier: null });
    expect(await cache.put(keyOf(1), entry)).toMatchObject({ status: 204, text: "" });
    expect(await cache.get(keyOf(1))).toMatchObject({ status: 200, tier: "memory", text: entry });
    expect(await cache.ask("DELETE", `/entries/${keyOf(1)}`)).toMatchObject({ status: 204, text: "" });
    expect(await cache.get(keyOf(1))).toMatchObject({ status: 404 });
    expect(await cache.ask("DELETE", `/entries/${keyOf(1)}`)).toMatchObject({ status: 204 });
  });

  it("answers with JSON, also when the body had no content type", async () => {
    const url = `${cache.service.url}/entries/${keyOf(2)}`;
    const body = new Blob([entry]);
    expect((await fetch(`${url}?ttl=60`, { method: "PUT", body })).status).toBe(204);
    const answer = await fetch(url);
    expect(answer.headers.get("content-type")).toBe("application/json; charset=utf-8");
    expect(await answer.text()).toBe(entry);
  });

  it("reads a key in either case as the same", async () => {
    await cache.put("AB".repeat(32), entry);
    expect(await cache.get("ab".repeat(32))).toMatchObject({ status: 200 });
  });

  it("lets an entry go after its time", async () => {
    await cache.put(keyOf(3), entry, 1);
    expect(await cache.get(keyOf(3))).toMatchObject({ status: 200 });
    await waitUntil("it expired", async () => (await cache.get(keyOf(3))).status === 404);
  });

  it.each([
    ["a short key", "GET", "/entries/abc", undefined, 400, "invalid_request_error"],
    ["a key that is no hex", "DELETE", `/entries/${"g".repeat(64)}`, undefined, 400, "invalid_request_error"],
    ["no ttl", "PUT", `/entries/${keyOf(4)}`, entry, 400, "invalid_request_error"],
    ["a ttl of 0", "PUT", `/entries/${keyOf(4)}?ttl=0`, entry, 400, "invalid_request_error"],
    ["half a second", "PUT", `/entries/${keyOf(4)}?ttl=0.5`, entry, 400, "invalid_request_error"],
    ["too long a ttl", "PUT", `/entries/${keyOf(4)}?ttl=1001`, entry, 400, "invalid_request_error"],
    ["two ttls", "PUT", `/entries/${keyOf(4)}?ttl=5&ttl=6`, entry, 400, "invalid_request_error"],
    ["no body", "PUT", `/entries/${keyOf(4)}?ttl=5`, undefined, 400, "invalid_request_error"],
    ["no JSON", "PUT", `/entries/${keyOf(4)}?ttl=5`, "{", 400, "invalid_request_error"],
    ["a large entry", "PUT", `/entries/${keyOf(4)}?ttl=5`, text(16 * 1024 + 1), 413, "request_too_large"],
    ["a huge entry", "PUT", `/entries/${keyOf(4)}?ttl=5`, text(1024 * 1024), 413, "request_too_large"],
    ["no route", "GET", "/nowhere", undefined, 404, "not_found_error"],
  ])("refuses %s", async (_name, method, path, body, status, type) => {
    const answer = await cache.ask(method, path, body);
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.text)).toMatchObject({ type: "error", error: { type } });
  });

  it("takes an entry of exactly the limit", async () => {
    expect(await cache.put(keyOf(5), text(16 * 1024))).toMatchObject({ status: 204 });
  });

  it("is healthy with memory only", async () => {
    const details = { redis: { status: "up", state: "memory only" } };
    for (const path of ["/health", "/health/ready"]) {
      const answer = await cache.ask("GET", path);
      expect({ status: answer.status, ...JSON.parse(answer.text) }).toMatchObject({ status: "ok", details });
    }
    expect(await cache.ask("GET", "/health/live")).toMatchObject({ status: 200 });
  });

  it("tells its statistics", async () => {
    const stats = JSON.parse((await cache.ask("GET", "/stats")).text);
    expect(stats.memory).toMatchObject({ max_bytes: 128 * 1024 * 1024, errors: 0 });
    for (const name of ["entries", "bytes", "hits", "misses", "stores"])
      expect(stats.memory[name]).toBeGreaterThan(0);
    expect(stats.redis).toEqual({ state: "none", hits: 0, misses: 0, stores: 0, errors: 0 });
  });

  it("has its metrics", async () => {
    const { text: metrics } = await cache.ask("GET", "/metrics");
    for (const line of [
      'llm_cache_operation_duration_seconds_count{operation="get",tier="memory"}',
      'llm_cache_operation_duration_seconds_count{operation="set",tier="memory"}',
      'llm_cache_operation_duration_seconds_count{operation="delete",tier="memory"}',
      'llm_cache_entries{tier="memory"}',
      'llm_cache_bytes{tier="memory"}',
      "llm_cache_store_up 1",
      'llm_cache_redis_errors_total{kind="timeout"} 0',
    ])
      expect(metrics).toContain(line);
  });
});

/** JSON of so many bytes. */
function text(bytes: number): string {
  return `"${"x".repeat(bytes - 2)}"`;
}
