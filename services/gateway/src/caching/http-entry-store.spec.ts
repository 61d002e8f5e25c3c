import type { ServerResponse } from "node:http";
import { json } from "node:stream/consumers";
import { pino } from "pino";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Store, StoresRequest } from "#service-contracts/cache-store.js";
import type { StoredEntry } from "#service-contracts/stored-entry.js";
import { type TestServer, startServer } from "../__fixtures__/start-server.js";
import { GatewayConfig } from "../gateway.config.js";
import { CacheConnection } from "./cache-connection.js";
import { HttpEntryStore } from "./http-entry-store.js";

const storeOf = (key: string, servedModel = "m"): Store => ({
  key,
  ttlSeconds: 60,
  request: { entry: { servedModel } as StoredEntry, tenant: "-" },
});
const storeWith = (url: string) => {
  const config = Object.assign(new GatewayConfig(), { CACHE_URL: url });
  return new HttpEntryStore(new CacheConnection(config, pino({ level: "silent" })));
};

/** What the server is asked to store, in its order; it stores each `key` that has no "bad" in it. */
async function startTaker(): Promise<{ server: TestServer; taken: unknown[] }> {
  const taken: unknown[] = [];
  const server = await startServer((request, response) => {
    void json(request).then((body) => {
      taken.push(body);
      const { stores = [] } = body as Partial<StoresRequest>;
      if (request.method === "PUT") response.writeHead(204).end();
      else response.end(JSON.stringify({ stored: stores.map(({ key }) => !key.includes("bad")) }));
    });
  }, onTestFinished);
  return { server, taken };
}

const reply = (status: number, body: string) => (_: unknown, response: ServerResponse) =>
  void response.writeHead(status).end(body);

describe("HttpEntryStore.put", () => {
  it("sends one by itself", async () => {
    const { server, taken } = await startTaker();
    expect(await storeWith(server.url).put([storeOf("a")])).toEqual([true]);
    expect(server.requests.map(({ method, url }) => `${method} ${url}`)).toEqual(["PUT /entries/a?ttl=60"]);
    expect(taken).toEqual([storeOf("a").request]);
  });

  it("sends several together, each with its own fate", async () => {
    const { server, taken } = await startTaker();
    expect(await storeWith(server.url).put([storeOf("a"), storeOf("bad"), storeOf("c")])).toEqual([
      true,
      false,
      true,
    ]);
    expect(server.requests.map(({ method, url }) => `${method} ${url}`)).toEqual(["POST /entries"]);
    const [body] = taken as StoresRequest[];
    expect(body?.stores[0]).toEqual({ key: "a", ttlSeconds: 60, request: storeOf("a").request });
    expect(body?.stores.map(({ key }) => key)).toEqual(["a", "bad", "c"]);
  });

  it("sends no more at a time than the cache service takes", async () => {
    const { server, taken } = await startTaker();
    const large = "x".repeat(1_500_000);
    const stores = ["a", "b", "c", "d"].map((key) => storeOf(key, large));
    expect(await storeWith(server.url).put([...stores, storeOf("e", large.repeat(3))])).toEqual([
      true,
      true,
      true,
      true,
      true,
    ]);
    const sizes = taken.map((body) => (body as Partial<StoresRequest>).stores?.length ?? 1);
    expect(sizes.toSorted((one, other) => one - other)).toEqual([1, 2, 2]);
  });

  it.each([
    ["an error", 500, "oops"],
    ["a refusal", 401, "{}"],
    ["no JSON", 200, "fine"],
    ["null", 200, "null"],
    ["no list", 200, '{"stored":"yes"}'],
    ["a short list", 200, '{"stored":[true]}'],
  ])("counts as not stored what is answered with %s", async (_name, status, body) => {
    const server = await startServer(reply(status, body), onTestFinished);
    const stored = await storeWith(server.url).put([storeOf("a"), storeOf("b")]);
    expect(stored).toEqual([body.includes("[true]"), false]);
  });
});
