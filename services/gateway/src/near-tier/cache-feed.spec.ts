import type { ServerResponse } from "node:http";
import { pino } from "pino";
import { Registry } from "prom-client";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { ChangeLine, CopyTerms } from "#service-contracts/near-copies.js";
import type { StoredEntry } from "#service-contracts/stored-entry.js";
import { startServer } from "../__fixtures__/start-server.js";
import type { PendingStores } from "../caching/pending-stores.js";
import { GatewayConfig } from "../gateway.config.js";
import { CacheFeed } from "./cache-feed.js";
import { NearTier } from "./near-tier.js";
import type { StoredKeys } from "./stored-keys.js";

const patience = { timeout: 10_000, interval: 10 };
const hello: ChangeLine = { type: "hello", instance: "one", reader: "me" };

const write = (response: ServerResponse | undefined, ...lines: ChangeLine[]) =>
  response?.write(lines.map((line) => `${JSON.stringify(line)}\n`).join(""));

/** A gateway's near tier and what it listens to. `say` writes to the newest connection. */
async function listen(first: (response: ServerResponse) => void = (response) => write(response, hello)) {
  let response: ServerResponse | undefined;
  const server = await startServer((_request, opened) => {
    response = opened;
    first(opened);
  }, onTestFinished);
  const config = Object.assign(new GatewayConfig(), { CACHE_URL: server.url });
  const near = new NearTier(config, new Registry());
  const forget = vi.fn<(filter: object) => void>();
  const told: string[] = [];
  const stored = {
    begin: (instance: string) => told.push(`begin ${instance}`),
    end: () => told.push("end"),
    add: (keys: string[]) => told.push(`add ${String(keys)}`),
    beginAnew: () => told.push("begin anew"),
  } as unknown as StoredKeys;
  const pending = { forget } as unknown as PendingStores;
  const feed = new CacheFeed(config, near, stored, pending, pino({ level: "silent" }));
  feed.onModuleInit();
  onTestFinished(() => feed.onApplicationShutdown());
  const say = (...lines: ChangeLine[]) => write(response, ...lines);
  const keep = (key: string) => {
    const terms: CopyTerms = { instance: "one", remaining_ms: 60_000, bytes: 1, given: [] };
    near.keep(key, {} as StoredEntry, terms, near.changes);
    expect(near.find(key)).toBeDefined();
  };
  const untilFollowing = () => vi.waitFor(() => expect(near.isFollowing).toBe(true), patience);
  return { server, near, feed, forget, told, say, keep, untilFollowing, connection: () => response };
}

describe("CacheFeed", () => {
  it("begins with the first line, and knows its own name", async () => {
    const { server, feed, untilFollowing } = await listen();
    await untilFollowing();
    expect(server.requests.map(({ method, url }) => `${method} ${url}`)).toEqual(["GET /changes"]);
    expect(feed.reader).toBe("me");
  });

  it("lets go of what changes", async () => {
    const { near, say, keep, untilFollowing } = await listen();
    await untilFollowing();
    for (const key of ["a", "b", "c"]) keep(key);
    say({ type: "beat" }, { type: "changed", keys: ["a"] });
    await vi.waitFor(() => expect(near.find("a")).toBeUndefined(), patience);
    expect(near.find("b")).toBeDefined();
    say({ type: "all_changed" });
    await vi.waitFor(() => expect(near.find("b")).toBeUndefined(), patience);
  });

  it("knows which entries come, and when that is in doubt", async () => {
    const { told, say, connection, untilFollowing } = await listen();
    await untilFollowing();
    say({ type: "changed", keys: ["a", "b"] }, { type: "cleared", filter: {} }, { type: "all_changed" });
    await vi.waitFor(() => expect(told).toEqual(["begin one", "add a,b", "begin anew"]), patience);
    say({ type: "unheard" });
    await vi.waitFor(() => expect(told.slice(3)).toEqual(["begin anew"]), patience);
    connection()?.end();
    await vi.waitFor(() => expect(told.slice(4)).toEqual(["end", "begin one"]), patience);
  });

  it("forgets what is on its way when the cache is cleared, and only then", async () => {
    const { near, forget, say, keep, untilFollowing } = await listen();
    await untilFollowing();
    keep("a");
    say({ type: "all_changed" }, { type: "changed", keys: ["b"] });
    await vi.waitFor(() => expect(near.find("a")).toBeUndefined(), patience);
    expect(forget).not.toHaveBeenCalled();
    keep("a");
    say({ type: "cleared", filter: { model: "tiny" } });
    await vi.waitFor(() => expect(near.find("a")).toBeUndefined(), patience);
    expect(forget).toHaveBeenCalledExactlyOnceWith({ model: "tiny" });
  });

  it("hears who was given what", async () => {
    const { near, say, untilFollowing } = await listen();
    await untilFollowing();
    say({ type: "given", hashes: ["h", "i"] });
    await vi.waitFor(() => expect([near.wasGiven("h"), near.wasGiven("i")]).toEqual([true, true]), patience);
  });

  it("reads lines that come in pieces", async () => {
    const { near, keep, connection, untilFollowing } = await listen();
    await untilFollowing();
    keep("ä");
    for (const byte of Buffer.from(`{"type":"beat"}\n{"type":"changed","keys":["ä"]}\n`)) {
      connection()?.write(Buffer.from([byte]));
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await vi.waitFor(() => expect(near.find("ä")).toBeUndefined(), patience);
  });

  it.each<[string, (response: ServerResponse) => void]>([
    ["ends", (response) => response.end()],
    ["breaks", (response) => response.destroy()],
    ["says something that is not understood", (response) => response.write('{"type":"new"}\n')],
    ["says something that is no JSON", (response) => response.write("oops\n")],
    ["says nothing of a kind", (response) => response.write("null\n")],
  ])("lets go of everything when the feed %s, and begins anew", async (_name, fail) => {
    const { server, near, keep, connection, untilFollowing } = await listen();
    await untilFollowing();
    keep("a");
    const before = connection();
    if (before) fail(before);
    await vi.waitFor(() => expect(near.find("a")).toBeUndefined(), patience);
    await untilFollowing();
    expect(server.requests).toHaveLength(2);
    expect(near.find("a")).toBeUndefined();
  });

  it.each<[string, (response: ServerResponse) => void]>([
    ["has no such route", (response) => response.writeHead(404).end("{}")],
    ["fails", (response) => response.writeHead(500).end()],
    ["says nothing at all", () => {}],
  ])("keeps nothing where the cache service %s", async (_name, first) => {
    const { near, server } = await listen(first);
    await vi.waitFor(() => expect(server.requests.length).toBeGreaterThan(0), patience);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(near.isFollowing).toBe(false);
  });

  it("leaves a line without an end long before its silence does, and begins anew", async () => {
    const { near, server, untilFollowing, connection } = await listen();
    await untilFollowing();
    connection()?.write(Buffer.alloc(8 * 1024 * 1024, "x"));
    await vi.waitFor(() => expect(server.requests).toHaveLength(2), { ...patience, timeout: 8000 });
    await vi.waitFor(() => expect(near.isFollowing).toBe(true), patience);
  }, 30_000);

  it("does not ask again when it is over", async () => {
    const { server, feed, untilFollowing, connection } = await listen();
    await untilFollowing();
    const closed = new Promise((resolve) => connection()?.once("close", resolve));
    feed.onApplicationShutdown();
    await closed;
    await new Promise((resolve) => setTimeout(resolve, 1200));
    expect(server.requests).toHaveLength(1);
  });
});
