import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { deepestNesting } from "#anthropic/check-nesting.js";
import type { StoreAnswer } from "#service-contracts/cache-store.js";
import {
  type CacheUnderTest,
  entryOf,
  keyOf,
  reportOf,
  startCacheUnderTest,
  waitUntil,
} from "./cache-under-test.contract.js";

const entry = "hä → 🙂";
const bodyWith = (changed: object) => JSON.stringify({ entry: entryOf(entry), tenant: "-", ...changed });

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
    const stored = entryOf(entry);
    const body = new Blob([JSON.stringify({ entry: stored, tenant: "-" })]);
    expect((await fetch(`${url}?ttl=60`, { method: "PUT", body })).status).toBe(204);
    const answer = await fetch(url);
    expect(answer.headers.get("content-type")).toBe("application/json; charset=utf-8");
    expect(await answer.text()).toBe(JSON.stringify(stored));
  });

  it.each([
    ["a note", "PUT", `/notes/${keyOf(1)}`, (deep: string) => deep],
    ["a question", "PUT", `/entries/${keyOf(1)}?ttl=60`, (deep: string) => `{"request":${deep}}`],
    ["an entry", "PUT", `/entries/${keyOf(1)}?ttl=60`, (deep: string) => `{"entry":${deep}}`],
    ["stores", "POST", "/entries", (deep: string) => `{"stores":${deep}}`],
    ["paths", "POST", "/neighbours", (deep: string) => `{"paths":${deep}}`],
    ["a report", "POST", "/reports", (deep: string) => `{"hits":${deep}}`],
    ["charges", "POST", "/limits/a", (deep: string) => `{"charges":${deep}}`],
  ])("refuses what is nested too deeply: %s", async (_name, method, path, toBody) => {
    const answer = await cache.ask(method, path, toBody("[".repeat(100_000) + "]".repeat(100_000)));
    expect(answer).toMatchObject({
      status: 400,
      text: expect.stringContaining("nested deeper than") as string,
    });
  });

  it("takes a question that is as deep as a request may be", async () => {
    const request: unknown = JSON.parse("[".repeat(deepestNesting + 1) + "]".repeat(deepestNesting + 1));
    const store = { key: keyOf(1), ttlSeconds: 60, request: { entry: entryOf(entry), tenant: "-", request } };
    const answer = await cache.ask("POST", "/entries", JSON.stringify({ stores: [store] }));
    expect(JSON.parse(answer.text)).toMatchObject({ stored: [true] });
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
    ["no ttl", "PUT", `/entries/${keyOf(4)}`, bodyWith({}), 400, "invalid_request_error"],
    ["a ttl of 0", "PUT", `/entries/${keyOf(4)}?ttl=0`, bodyWith({}), 400, "invalid_request_error"],
    ["half a second", "PUT", `/entries/${keyOf(4)}?ttl=0.5`, bodyWith({}), 400, "invalid_request_error"],
    ["too long a ttl", "PUT", `/entries/${keyOf(4)}?ttl=1001`, bodyWith({}), 400, "invalid_request_error"],
    ["two ttls", "PUT", `/entries/${keyOf(4)}?ttl=5&ttl=6`, bodyWith({}), 400, "invalid_request_error"],
    ["no body", "PUT", `/entries/${keyOf(4)}?ttl=5`, undefined, 400, "invalid_request_error"],
    ["no JSON", "PUT", `/entries/${keyOf(4)}?ttl=5`, "{", 400, "invalid_request_error"],
    ["no object", "PUT", `/entries/${keyOf(4)}?ttl=5`, "null", 400, "invalid_request_error"],
    [
      "a bare entry",
      "PUT",
      `/entries/${keyOf(4)}?ttl=5`,
      JSON.stringify(entryOf("x")),
      400,
      "invalid_request_error",
    ],
    [
      "no tenant",
      "PUT",
      `/entries/${keyOf(4)}?ttl=5`,
      bodyWith({ tenant: "" }),
      400,
      "invalid_request_error",
    ],
    [
      "a long tenant",
      "PUT",
      `/entries/${keyOf(4)}?ttl=5`,
      bodyWith({ tenant: "x".repeat(257) }),
      400,
      "invalid_request_error",
    ],
    [
      "no paths",
      "PUT",
      `/entries/${keyOf(4)}?ttl=5`,
      bodyWith({ paths: [["a"]] }),
      400,
      "invalid_request_error",
    ],
    [
      "no model",
      "PUT",
      `/entries/${keyOf(4)}?ttl=5`,
      bodyWith({ entry: entryOf("x", { servedModel: "" }) }),
      400,
      "invalid_request_error",
    ],
    [
      "no time",
      "PUT",
      `/entries/${keyOf(4)}?ttl=5`,
      bodyWith({ entry: entryOf("x", { storedAt: -1 }) }),
      400,
      "invalid_request_error",
    ],
    [
      "a time that is no date",
      "PUT",
      `/entries/${keyOf(4)}?ttl=5`,
      bodyWith({ entry: entryOf("x", { storedAt: 1e300 }) }),
      400,
      "invalid_request_error",
    ],
    [
      "no hash of what was given",
      "GET",
      `/entries/${keyOf(4)}?given=abc`,
      undefined,
      400,
      "invalid_request_error",
    ],
    ["no stores", "POST", "/entries", "{}", 400, "invalid_request_error"],
    ["stores that are no list", "POST", "/entries", '{"stores":{}}', 400, "invalid_request_error"],
    [
      "more stores than anybody sends",
      "POST",
      "/entries",
      `{"stores":[${Array(1001).fill("{}").join()}]}`,
      400,
      "invalid_request_error",
    ],
    ["a store that is no object", "POST", "/entries", '{"stores":[null]}', 400, "invalid_request_error"],
    ["no report", "POST", "/reports", "{}", 400, "invalid_request_error"],
    [
      "no hash to mark",
      "POST",
      "/reports",
      JSON.stringify(reportOf({ given: [[keyOf(4), ["abc"]]] })),
      400,
      "invalid_request_error",
    ],
    [
      "a hit of no key",
      "POST",
      "/reports",
      JSON.stringify(reportOf({ hits: [["abc", 1, 1]] })),
      400,
      "invalid_request_error",
    ],
    [
      "a hit at no date",
      "POST",
      "/reports",
      JSON.stringify(reportOf({ hits: [[keyOf(4), 1, Number.MAX_SAFE_INTEGER]] })),
      400,
      "invalid_request_error",
    ],
    ["no note", "GET", `/notes/${keyOf(4)}`, undefined, 404, "not_found_error"],
    [
      "a large note",
      "PUT",
      `/notes/${keyOf(4)}`,
      JSON.stringify("x".repeat(1024 * 1024)),
      413,
      "request_too_large",
    ],
    ["no copy", "GET", `/entries/${keyOf(4)}/copy`, undefined, 404, "not_found_error"],
    ["a page of nothing", "GET", "/entries?limit=0", undefined, 400, "invalid_request_error"],
    ["a strange cursor", "GET", "/entries?cursor=abc", undefined, 400, "invalid_request_error"],
    ["a strange age", "DELETE", "/entries?olderThan=-1", undefined, 400, "invalid_request_error"],
    ["an empty model", "DELETE", "/entries?model=", undefined, 400, "invalid_request_error"],
    ["no neighbour's paths", "POST", "/neighbours", '{"tenant":"-"}', 400, "invalid_request_error"],
    ["no info", "GET", `/entries/${keyOf(4)}/info`, undefined, 404, "not_found_error"],
    ["a large entry", "PUT", `/entries/${keyOf(4)}?ttl=5`, sized(16 * 1024 + 1), 413, "request_too_large"],
    ["a huge entry", "PUT", `/entries/${keyOf(4)}?ttl=5`, sized(1024 * 1024), 413, "request_too_large"],
    ["no route", "GET", "/nowhere", undefined, 404, "not_found_error"],
  ])("refuses %s", async (_name, method, path, body, status, type) => {
    const answer = await cache.ask(method, path, body);
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.text)).toMatchObject({ type: "error", error: { type } });
  });

  it("stores several at once, each for itself", async () => {
    const good = (number: number) => ({
      key: keyOf(number),
      ttlSeconds: 60,
      request: { entry: entryOf(`Answer ${number}`), tenant: "-" },
    });
    const noText = { toString: 1, valueOf: 1 };
    const stores = [
      ...Array.from({ length: 20 }, (_, index) => good(100 + index)),
      { ...good(130), key: "abc" },
      { ...good(131), ttlSeconds: 0 },
      { ...good(132), request: {} },
      { key: keyOf(133) },
      { ...good(135), key: noText },
      { ...good(136), ttlSeconds: noText },
      { ...good(137), ttlSeconds: "60" },
      good(134),
    ];
    const answer = await cache.ask("POST", "/entries", JSON.stringify({ stores }));
    expect(answer.status).toBe(200);
    const { stored } = JSON.parse(answer.text) as StoreAnswer;
    expect(stored).toEqual([...Array<boolean>(20).fill(true), ...Array<boolean>(6).fill(false), true, true]);
    expect(await cache.get(keyOf(119))).toMatchObject({ status: 200, text: "Answer 119" });
    expect(await cache.get(keyOf(134))).toMatchObject({ status: 200, text: "Answer 134" });
    for (const number of [131, 132, 133, 135, 136])
      expect(await cache.get(keyOf(number))).toMatchObject({ status: 404 });
  });

  it("takes an entry of exactly the limit", async () => {
    expect(await cache.ask("PUT", `/entries/${keyOf(5)}?ttl=5`, sized(16 * 1024))).toMatchObject({
      status: 204,
    });
  });

  it("takes a small answer to a large question", async () => {
    const body = bodyWith({ request: "x".repeat(4 * 1024 * 1024) });
    expect(await cache.ask("PUT", `/entries/${keyOf(6)}?ttl=5`, body)).toMatchObject({ status: 204 });
    expect(await cache.get(keyOf(6))).toMatchObject({ status: 200, text: entry });
  });

  it("keeps a note", async () => {
    const path = `/notes/${keyOf(7)}`;
    expect(await cache.ask("PUT", path, '{"a":["ä"]}')).toMatchObject({ status: 204, text: "" });
    expect(await cache.ask("GET", path)).toMatchObject({ status: 200, text: '{"a":["ä"]}' });
  });

  it.each(["null", "true", "7", '"a text"', '""', "[]"])("keeps %s as a note, in JSON", async (note) => {
    const url = `${cache.service.url}/notes/${keyOf(8)}`;
    expect((await fetch(url, { method: "PUT", body: note })).status).toBe(204);
    const answer = await fetch(url);
    expect(answer.headers.get("content-type")).toBe("application/json; charset=utf-8");
    expect(await answer.text()).toBe(note);
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
    for (const name of ["entries", "bytes", "hits", "misses", "stores"])
      expect(stats.tiers.memory[name]).toBeGreaterThan(0);
    expect(stats).toMatchObject({ redis: "none", tiers: { memory: { errors: 0 } } });
    expect(Object.keys(stats.tiers)).toEqual(["memory"]);
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

/** A body whose entry's JSON has so many bytes. */
function sized(bytes: number): string {
  const least = JSON.stringify(entryOf("")).length;
  return bodyWith({ entry: entryOf("x".repeat(bytes - least)) });
}
