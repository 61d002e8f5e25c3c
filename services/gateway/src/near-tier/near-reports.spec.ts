import { json } from "node:stream/consumers";
import { pino } from "pino";
import { Registry } from "prom-client";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { GatewayReport } from "#service-contracts/near-copies.js";
import type { StoredEntry } from "#service-contracts/stored-entry.js";
import { startServer } from "../__fixtures__/start-server.js";
import type { PendingStores } from "../caching/pending-stores.js";
import { GatewayConfig } from "../gateway.config.js";
import { CacheFeed } from "./cache-feed.js";
import { NearReports } from "./near-reports.js";
import { NearTier } from "./near-tier.js";
import { StoredKeys } from "./stored-keys.js";

const patience = { timeout: 10_000, interval: 10 };

async function start(status = 204) {
  const taken: GatewayReport[] = [];
  const server = await startServer((request, response) => {
    void json(request).then(async (report) => {
      taken.push(report as GatewayReport);
      await server.delay;
      response.writeHead(server.status).end();
    });
  }, onTestFinished).then((opened) => Object.assign(opened, { status, delay: Promise.resolve() }));
  const config = Object.assign(new GatewayConfig(), { CACHE_URL: server.url });
  const near = new NearTier(config, new Registry());
  const logger = pino({ level: "silent" });
  const feed = new CacheFeed(config, near, new StoredKeys(config, near, logger), {} as PendingStores, logger);
  const reports = new NearReports(config, near, feed);
  onTestFinished(() => reports.onApplicationShutdown());
  return { server, near, reports, taken };
}

function keepOne(near: NearTier): void {
  const terms = { instance: "one", remaining_ms: 60_000, bytes: 1, given: [] };
  near.keep("a", {} as StoredEntry, terms, near.changes);
}

describe("NearReports", () => {
  it("tells many together", async () => {
    const { reports, taken } = await start();
    const before = Date.now();
    for (const key of ["a", "a", "b"]) reports.countHit(key);
    reports.countMiss();
    reports.addGiven("a", "h");
    await vi.waitFor(() => expect(taken).toHaveLength(1), patience);
    expect(taken[0]).toEqual({
      hits: [
        ["a", 2, expect.any(Number)],
        ["b", 1, expect.any(Number)],
      ],
      given: [["a", ["h"]]],
      misses: 1,
      stores: 0,
      entries: 0,
      bytes: 0,
    });
    expect(taken[0]?.hits[0]?.[2]).toBeGreaterThanOrEqual(before);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(taken).toHaveLength(1);
  });

  it("tells it again when it was not taken, with what has come meanwhile", async () => {
    const { server, reports, taken } = await start(503);
    reports.countHit("a");
    reports.addGiven("a", "h");
    await vi.waitFor(() => expect(taken).toHaveLength(1), patience);
    server.status = 204;
    reports.countHit("a");
    reports.addGiven("b", "i");
    reports.countMiss();
    await vi.waitFor(() => expect(taken).toHaveLength(2), patience);
    expect(taken[1]).toMatchObject({
      hits: [["a", 2, expect.any(Number)]],
      given: expect.arrayContaining([
        ["b", ["i"]],
        ["a", ["h"]],
      ]) as unknown,
      misses: 1,
    });
  });

  it.each<[string, (near: NearTier) => void]>([
    ["the last copy", (near) => near.letGo(["a"])],
    ["all copies", (near) => near.letGoOfAll()],
  ])("tells that %s has gone, and nothing where none was", async (_name, letGo) => {
    const { near, taken } = await start();
    near.beginFollowing("one");
    letGo(near);
    keepOne(near);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(taken).toEqual([]);
    letGo(near);
    await vi.waitFor(() => expect(taken).toMatchObject([{ stores: 1, entries: 0, bytes: 0 }]), patience);
  });

  it("tells that copies have gone while it was telling something else", async () => {
    const { server, near, reports, taken } = await start();
    const { promise, resolve } = Promise.withResolvers<void>();
    server.delay = promise;
    near.beginFollowing("one");
    keepOne(near);
    reports.countMiss();
    await vi.waitFor(() => expect(taken).toMatchObject([{ entries: 1 }]), patience);
    near.letGoOfAll();
    resolve();
    await vi.waitFor(() => expect(taken.at(-1)).toMatchObject({ entries: 0 }), patience);
  });

  it("tells again that copies have gone when it was not taken", async () => {
    const { server, near, taken } = await start(503);
    near.beginFollowing("one");
    keepOne(near);
    near.letGoOfAll();
    await vi.waitFor(() => expect(taken).toHaveLength(1), patience);
    server.status = 204;
    await vi.waitFor(() => expect(taken).toMatchObject([{}, { entries: 0 }]), patience);
  });

  it("tells what is left at the end", async () => {
    const { reports, taken } = await start();
    reports.countHit("a");
    await reports.onApplicationShutdown();
    expect(taken).toMatchObject([{ hits: [["a", 1, expect.any(Number)]] }]);
  });

  it("ends in time where nobody takes it", async () => {
    const { server, reports } = await start();
    await server.close();
    reports.countHit("a");
    const startedAt = performance.now();
    await reports.onApplicationShutdown();
    expect(performance.now() - startedAt).toBeLessThan(5000);
  });
});
