import type { ServerResponse } from "node:http";
import { json } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { pino } from "pino";
import { Registry } from "prom-client";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { StoredEntry } from "#service-contracts/stored-entry.js";
import { type TestServer, startServer as openServer } from "../__fixtures__/start-server.js";
import { GatewayConfig } from "../gateway.config.js";
import type { ReplacedModels } from "../models/replaced-models.js";
import { CacheFeed } from "../near-tier/cache-feed.js";
import { NearReports } from "../near-tier/near-reports.js";
import { NearTier } from "../near-tier/near-tier.js";
import { StoredKeys } from "../near-tier/stored-keys.js";
import { CacheConnection } from "./cache-connection.js";
import { CacheClient } from "./cache.client.js";
import { HttpEntryStore } from "./http-entry-store.js";
import { PendingStores } from "./pending-stores.js";

const entry: StoredEntry = {
  version: 1,
  storedAt: 1_700_000_000_000,
  servedModel: "tiny:latest",
  gpuSeconds: 1,
  message: {
    id: "msg_1",
    type: "message",
    role: "assistant",
    model: "tiny:latest",
    content: [{ type: "text", text: "Hi." }],
    stop_reason: "end_turn",
    stop_sequence: null,
    usage: { input_tokens: 1, output_tokens: 2 },
  },
};
const model = { name: "tiny:latest", fingerprint: "f1" };
const noneReplaced = { find: async () => () => false } as unknown as ReplacedModels;
const limitMs = 250;
const slackMs = 1500;

const startServer = (answer: TestServer["answer"]) => openServer(answer, onTestFinished);
/** Without near copies: nobody tells it what changes, nor which keys there are. */
const clientOf = (url: string, isMissing = false) => {
  const config = Object.assign(new GatewayConfig(), { CACHE_URL: url });
  const logger = pino({ level: "silent" });
  const near = new NearTier(config, new Registry());
  const connection = new CacheConnection(config, logger);
  const entries = new HttpEntryStore(connection);
  const pending = new PendingStores(entries, noneReplaced);
  const stored = new StoredKeys(config, near, logger);
  if (isMissing) vi.spyOn(stored, "isMissing").mockReturnValue(true);
  const reports = new NearReports(config, near, new CacheFeed(config, near, stored, pending, logger));
  onTestFinished(() => reports.onApplicationShutdown());
  return new CacheClient(connection, entries, pending, near, stored, reports);
};

async function timed<T>(work: () => Promise<T>): Promise<[T, number]> {
  const startedAt = performance.now();
  return [await work(), performance.now() - startedAt];
}

const reply = (status: number, body: string) => (_: unknown, response: ServerResponse) =>
  void response.writeHead(status).end(body);
const whole = JSON.stringify(entry);

describe("CacheClient.get", () => {
  it("gives the entry of the key", async () => {
    const server = await startServer(reply(200, whole));
    expect(await clientOf(`${server.url}/`).get("abc")).toEqual(entry);
    expect(server.requests.map(({ method, url }) => `${method} ${url}`)).toEqual(["GET /entries/abc"]);
  });

  it("asks nobody for what is known not to be there, unless it must", async () => {
    const server = await startServer(reply(200, whole));
    const client = clientOf(server.url, true);
    expect(await client.get("abc", "h")).toBeUndefined();
    expect(server.requests).toEqual([]);
    expect(await client.get("abc", undefined, true)).toEqual(entry);
  });

  it.each<[string, (_: unknown, response: ServerResponse) => void]>([
    ["a plain miss", reply(404, '{"type":"error"}')],
    ["an error", reply(500, "oops")],
    ["an error of a proxy", reply(503, "<html>")],
    ["a refusal", reply(401, "{}")],
    ["a redirection", (_, response) => void response.writeHead(302, { location: "/other" }).end()],
    ["text", reply(200, "hello")],
    ["nothing", reply(200, "")],
    ["null", reply(200, "null")],
    ["a list", reply(200, "[]")],
    ["half an entry", reply(200, whole.slice(0, 50))],
    ["an entry of another version", reply(200, JSON.stringify({ ...entry, version: 99 }))],
    [
      "an entry without content",
      reply(200, JSON.stringify({ ...entry, message: { ...entry.message, content: [] } })),
    ],
    ...[null, false, {}, { type: "text" }, { type: "text", text: 7 }, { type: "tool_use", input: [] }].map(
      (block): [string, (_: unknown, response: ServerResponse) => void] => [
        `an entry with ${JSON.stringify(block)} for a block`,
        reply(200, JSON.stringify({ ...entry, message: { ...entry.message, content: [block] } })),
      ],
    ),
    ["an entry without a message", reply(200, JSON.stringify({ ...entry, message: null }))],
    ["a broken connection", (_, response) => void response.destroy()],
    [
      "a body that breaks off",
      (_, response) => {
        response.writeHead(200, { "content-length": "5000" }).write(whole);
        setTimeout(() => response.destroy(), 20);
      },
    ],
    ["silence", () => {}],
    ["a body that never ends", (_, response) => void response.writeHead(200).write(whole)],
  ])("takes %s for a miss, in time", async (_name, answer) => {
    const server = await startServer(answer);
    const [found, ms] = await timed(() => clientOf(server.url).get("abc"));
    expect(found).toBeUndefined();
    expect(ms).toBeLessThan(limitMs + slackMs);
  });

  it("takes a refused connection for a miss, in time", async () => {
    const [found, ms] = await timed(() => clientOf("http://127.0.0.1:1").get("abc"));
    expect(found).toBeUndefined();
    expect(ms).toBeLessThan(limitMs + slackMs);
  });
});

describe("CacheClient beside a cache that hangs", () => {
  it("soon costs no time at all, and no connection", async () => {
    const server = await startServer(() => {});
    const client = clientOf(server.url);
    const [, first] = await timed(() => client.get("abc"));
    expect(first).toBeGreaterThan(limitMs * 0.9);
    await client.get("abc");
    await client.get("abc");
    const asked = server.requests.length;
    const times: number[] = [];
    for (let count = 0; count < 5; count++) {
      const [found, ms] = await timed(() => client.get("abc"));
      expect(found).toBeUndefined();
      times.push(ms);
    }
    expect(Math.min(...times)).toBeLessThan(limitMs / 2);
    expect(server.requests).toHaveLength(asked);
  });

  it("is back soon after the cache is", async () => {
    const server = await startServer(() => {});
    const client = clientOf(server.url);
    for (let count = 0; count < 4; count++) await client.get("abc");
    server.answer = reply(200, whole);
    await vi.waitFor(async () => expect(await client.get("abc")).toEqual(entry), {
      timeout: 10_000,
      interval: 50,
    });
    expect((await timed(() => client.get("abc")))[0]).toEqual(entry);
  });

  it("is back soon after a cache that was down", async () => {
    const server = await startServer(reply(200, whole));
    const client = clientOf(server.url);
    await server.close();
    for (let count = 0; count < 4; count++) expect(await client.get("abc")).toBeUndefined();
    await server.reopen();
    await vi.waitFor(async () => expect(await client.get("abc")).toEqual(entry), {
      timeout: 10_000,
      interval: 50,
    });
  });

  it("holds no lookup up by a store that hangs", async () => {
    const server = await startServer(() => {});
    const client = clientOf(server.url);
    for (let count = 0; count < 3; count++) await client.get("abc");
    await sleep(1100); // now the breaker would let one request try
    void client.put({ key: "abc", request: { entry, tenant: "-" }, ttlSeconds: 60 }, model);
    const [, ms] = await timed(() => client.get("abc"));
    expect(ms).toBeLessThan(limitMs + slackMs);
  });

  it("is not broken by misses", async () => {
    const server = await startServer(reply(404, "{}"));
    const client = clientOf(server.url);
    for (let count = 0; count < 6; count++) await client.get("abc");
    expect(server.requests).toHaveLength(6);
  });
});

describe("CacheClient.get for a session", () => {
  const givenHash = "ab".repeat(32);

  it("tells an answer that the session has had", async () => {
    const server = await startServer((_, response) =>
      response.writeHead(404, { "x-cache-given": "true" }).end("{}"),
    );
    expect(await clientOf(server.url).get("abc", givenHash)).toBe("given");
    expect(server.requests[0]?.url).toBe(`/entries/abc?given=${givenHash}`);
  });

  it("tells a plain miss", async () => {
    const server = await startServer(reply(404, "{}"));
    expect(await clientOf(server.url).get("abc", givenHash)).toBeUndefined();
  });

  it("marks an answer as given, here at once and a moment later at the cache service", async () => {
    let report: unknown;
    const server = await startServer((request, response) => {
      if (request.method === "GET") return reply(200, whole)(request, response);
      void json(request).then((body) => {
        report = body;
        response.writeHead(204).end();
      });
    });
    const client = clientOf(server.url);
    client.markGiven("abc", givenHash);
    expect(await client.get("abc", givenHash)).toBe("given");
    expect(await client.get("abc", "b".repeat(64))).toEqual(entry);
    await vi.waitFor(() => expect(report).toMatchObject({ given: [["abc", [givenHash]]] }), {
      timeout: 10_000,
    });
  });
});

describe("CacheClient.nearest", () => {
  const asked = { tenant: "-", paths: [["model", "h"]] satisfies [string, string][] };

  it("names the nearest question", async () => {
    const nearest = { key: "def", equal_paths: 1, first_difference: "system[0].text" };
    const server = await startServer(reply(200, JSON.stringify(nearest)));
    expect(await clientOf(server.url).nearest(asked)).toEqual(nearest);
  });

  it("is nothing where there is none", async () => {
    const server = await startServer(reply(404, "{}"));
    expect(await clientOf(server.url).nearest(asked)).toBeUndefined();
  });
});

describe("CacheClient.put", () => {
  const stored = { entry, tenant: "-" };
  const young = () => ({ ...entry, storedAt: Date.now() });

  it("stores an entry with its time to live", async () => {
    let body: unknown;
    const server = await startServer(async (request, response) => {
      body = await json(request);
      response.writeHead(204).end();
    });
    expect(await clientOf(server.url).put({ key: "abc", request: stored, ttlSeconds: 60 }, model)).toBe(true);
    expect(server.requests.map(({ method, url }) => `${method} ${url}`)).toEqual(["PUT /entries/abc?ttl=60"]);
    expect(body).toEqual(stored);
  });

  it.each([400, 413, 500])("says so when it was refused with %i", async (status) => {
    const server = await startServer(reply(status, "{}"));
    expect(await clientOf(server.url).put({ key: "abc", request: stored, ttlSeconds: 60 }, model)).toBe(
      false,
    );
  });

  it("waits for a cache that did not answer lately; meanwhile the entry is found", async () => {
    const server = await startServer(() => {});
    const client = clientOf(server.url);
    for (let count = 0; count < 3; count++) await client.get("other");
    const isStored = client.put(
      { key: "abc", request: { ...stored, entry: young() }, ttlSeconds: 60 },
      model,
    );
    server.answer = ({ method }, response) => void response.writeHead(method === "PUT" ? 204 : 404).end();
    expect(await client.get("abc")).toMatchObject({ servedModel: entry.servedModel });
    expect(await isStored).toBe(true);
    expect(server.requests.at(-1)).toMatchObject({ method: "PUT", url: "/entries/abc?ttl=60" });
  });

  it("gives the entry to who asked the cache for it before, and is not answered", async () => {
    const server = await startServer(() => {});
    const client = clientOf(server.url);
    const found = client.get("abc");
    void client.put({ key: "abc", request: { ...stored, entry: young() }, ttlSeconds: 60 }, model);
    expect(await found).toMatchObject({ servedModel: entry.servedModel });
  });

  it("says so when nobody is there", async () =>
    expect(
      await clientOf("http://127.0.0.1:1").put({ key: "abc", request: stored, ttlSeconds: 60 }, model),
    ).toBe(false));
});
