import type { ServerResponse } from "node:http";
import { pino } from "pino";
import { Registry } from "prom-client";
import { describe, expect, it, onTestFinished } from "vitest";
import { startServer } from "../__fixtures__/start-server.js";
import { GatewayConfig } from "../gateway.config.js";
import type { ReplacedModels } from "../models/replaced-models.js";
import { NearTier } from "../near-tier/near-tier.js";
import { CacheAdminClient } from "./cache-admin.client.js";
import { CacheConnection } from "./cache-connection.js";
import { HttpEntryStore } from "./http-entry-store.js";
import { PendingStores } from "./pending-stores.js";

const reply = (status: number, body: string) => (_: unknown, response: ServerResponse) =>
  void response.writeHead(status).end(body);
const clientOf = (url: string) => {
  const config = Object.assign(new GatewayConfig(), { CACHE_URL: url, CONNECT_TIMEOUT_MS: 500 });
  const entries = new HttpEntryStore(new CacheConnection(config, pino({ level: "silent" })));
  return new CacheAdminClient(
    config,
    new NearTier(config, new Registry()),
    new PendingStores(entries, {} as ReplacedModels),
  );
};
const serve = (status: number, body: string) => startServer(reply(status, body), onTestFinished);

describe("CacheAdminClient", () => {
  it("asks the cache service, with the query as it is", async () => {
    const server = await serve(200, '{"data":[]}');
    const client = clientOf(`${server.url}/`);
    expect(await client.ask("GET", "/entries", { model: "qwen3:30b", tenant: "a&b" })).toEqual({ data: [] });
    await client.ask("DELETE", "/entries");
    expect(server.requests.map(({ method, url }) => `${method} ${url}`)).toEqual([
      "GET /entries?model=qwen3%3A30b&tenant=a%26b",
      "DELETE /entries",
    ]);
  });

  it("passes on what the cache service refuses with", async () => {
    const error = { type: "error", error: { type: "not_found_error", message: "No entry under this key" } };
    const server = await serve(404, JSON.stringify(error));
    await expect(clientOf(server.url).ask("GET", "/entries/a/info")).rejects.toMatchObject(error.error);
  });

  it.each([
    [503, "<html>"],
    [500, ""],
  ])("takes a %i with the body %j for an error", async (status, body) => {
    const server = await serve(status, body);
    await expect(clientOf(server.url).ask("GET", "/stats")).rejects.toHaveProperty("type");
  });

  it("says so when nobody is there", async () =>
    expect(clientOf("http://127.0.0.1:1").ask("GET", "/stats")).rejects.toMatchObject({
      type: "api_error",
      message: expect.stringContaining("The cache service cannot answer") as string,
    }));
});
