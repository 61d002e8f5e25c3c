import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { CacheStats, EntryDetails } from "#service-contracts/cache-store.js";
import type { ChangeLine, EntryCopy } from "#service-contracts/near-copies.js";
import { type CacheUnderTest, keyOf, reportOf, startCacheUnderTest } from "../cache-under-test.contract.js";

const patience = { timeout: 10_000, interval: 10 };
const [one, two] = [1, 2].map(keyOf) as [string, string];
const [early, late] = ["a", "b"].map((digit) => digit.repeat(32)) as [string, string];

let cache: CacheUnderTest;
let listeners: AbortController;

beforeEach(async () => {
  cache = await startCacheUnderTest();
  listeners = new AbortController();
});
afterEach(async () => {
  listeners.abort();
  await cache.service.close();
});

/** Reads the feed on and on. @returns all that it has said, without its beats */
async function listen(): Promise<ChangeLine[]> {
  const said: ChangeLine[] = [];
  const { body } = await fetch(`${cache.service.url}/changes`, { signal: listeners.signal });
  const read = async () => {
    let rest = "";
    for await (const text of body?.pipeThrough(new TextDecoderStream()) ?? []) {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      said.push(...lines.map((line) => JSON.parse(line) as ChangeLine).filter(({ type }) => type !== "beat"));
    }
  };
  read().catch(() => {});
  await vi.waitFor(() => expect(said).toHaveLength(1), patience);
  return said;
}

const readerOf = ([hello]: ChangeLine[]) => (hello?.type === "hello" ? hello.reader : undefined);
const report = (changed: object) => cache.ask("POST", "/reports", JSON.stringify(reportOf(changed)));
const copy = async (key: string, query = "") =>
  JSON.parse((await cache.ask("GET", `/entries/${key}/copy${query}`)).text) as EntryCopy;

describe("GET /changes", () => {
  it("tells what is stored, deleted and cleared", async () => {
    const said = await listen();
    await cache.put(one, "x");
    await cache.ask("DELETE", `/entries/${two}`);
    await cache.ask("DELETE", "/entries?model=tiny");
    await vi.waitFor(() => expect(said).toHaveLength(5), patience);
    // Before it begins and when it is done.
    expect(said.slice(1)).toEqual([
      { type: "changed", keys: [one] },
      { type: "changed", keys: [two] },
      { type: "cleared", filter: { model: "tiny" } },
      { type: "cleared", filter: { model: "tiny" } },
    ]);
  });

  it("tells who was given what, but not whoever reported it", async () => {
    const [teller, other] = [await listen(), await listen()];
    await report({ reader: readerOf(teller), given: [[one, [early]]] });
    await vi.waitFor(() => expect(other[1]).toEqual({ type: "given", hashes: [early] }), patience);
    await cache.put(one, "x");
    await vi.waitFor(() => expect(teller[1]).toEqual({ type: "changed", keys: [one] }), patience);
  });

  it("beats", async () => {
    const { body } = await fetch(`${cache.service.url}/changes`, { signal: listeners.signal });
    let text = "";
    for await (const part of body?.pipeThrough(new TextDecoderStream()) ?? []) {
      text += part;
      if (text.includes('{"type":"beat"}\n')) break;
    }
    expect(text).toMatch(/^\{"type":"hello"/);
  });
});

it("HEAD /changes ends", async () => {
  const signal = AbortSignal.timeout(5000);
  const answer = await fetch(`${cache.service.url}/changes`, { method: "HEAD", signal });
  expect(answer.status).toBe(200);
  expect(answer.headers.get("content-type")).toBe("application/x-ndjson");
  expect(await answer.text()).toBe("");
});

describe("GET /entries/{key}/copy", () => {
  it("gives the entry with what its keeper must know", async () => {
    const [hello] = await listen();
    await cache.put(one, "x", 60);
    await report({ given: [[one, [early]]] });
    const { entry, terms } = await copy(one, `?given=${late}`);
    expect(entry).toMatchObject({ version: 1, message: { content: [{ text: "x" }] } });
    expect(terms).toEqual({
      instance: hello?.type === "hello" && hello.instance,
      remaining_ms: expect.any(Number),
      bytes: JSON.stringify(entry).length,
      given: [[early, expect.any(Number)]],
    });
    expect(terms?.remaining_ms).toBeGreaterThan(55_000);
    expect(terms?.remaining_ms).toBeLessThanOrEqual(60_000);
  });

  it("is refused to who had the answer", async () => {
    await cache.put(one, "x");
    await report({ given: [[one, [early]]] });
    expect(await cache.ask("GET", `/entries/${one}/copy?given=${early}`)).toMatchObject({
      status: 404,
      given: "true",
    });
  });

  it("may not be kept when there are too many who had it to tell them all", async () => {
    await cache.put(one, "x");
    const hashes = Array.from({ length: 5001 }, (_, number) => keyOf(number).slice(-32));
    await report({ given: [[one, hashes]] });
    expect((await copy(one)).terms).toBeNull();
    expect(await cache.ask("GET", `/entries/${one}/copy?given=${hashes[7]}`)).toMatchObject({
      given: "true",
    });
  });
});

describe("POST /reports", () => {
  it("counts the hits where they belong", async () => {
    const said = await listen();
    await cache.put(one, "x");
    const lastAt = Date.now() + 5000;
    const counts = { hits: [[one, 3, lastAt]], misses: 2, stores: 1, entries: 7, bytes: 700 };
    expect(await report({ reader: readerOf(said), ...counts })).toMatchObject({ status: 204 });
    const details = JSON.parse((await cache.ask("GET", `/entries/${one}/info`)).text) as EntryDetails;
    expect(details).toMatchObject({ hits: 3, lastHitAt: new Date(lastAt).toISOString() });
    const stats = async () => JSON.parse((await cache.ask("GET", "/stats")).text) as CacheStats;
    const tally = { hits: 3, misses: 2, stores: 1, errors: 0, hit_ratio: 0.6 };
    expect((await stats()).tiers["gateway"]).toEqual({ ...tally, entries: 7, bytes: 700 });
    listeners.abort();
    await vi.waitFor(
      async () => expect((await stats()).tiers["gateway"]).toEqual({ ...tally, entries: 0, bytes: 0 }),
      patience,
    );
  });

  it("marks nothing where an answer was given to nobody", async () => {
    const said = await listen();
    expect(await report({ given: [[one, []]] })).toMatchObject({ status: 204 });
    expect(
      await report({
        given: [
          [one, []],
          [two, [early]],
        ],
      }),
    ).toMatchObject({ status: 204 });
    await vi.waitFor(() => expect(said[1]).toEqual({ type: "given", hashes: [early] }), patience);
  });

  it("keeps what is used elsewhere from going first", async () => {
    await cache.service.close();
    cache = await startCacheUnderTest({ CACHE_MAX_MEMORY_MB: "1" });
    await cache.put(one, "x");
    for (let number = 10; number < 60; number++) {
      await cache.put(keyOf(number), "y".repeat(50_000));
      await report({ hits: [[one, 1, Date.now()]] });
    }
    expect(await cache.get(one)).toMatchObject({ status: 200 });
    expect(await cache.get(keyOf(10))).toMatchObject({ status: 404 });
  });
});
