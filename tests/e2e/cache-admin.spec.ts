import { createHash } from "node:crypto";
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { json } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CacheStats, EntryDetails, EntryPage } from "#service-contracts/cache-store.js";
import { startGateway } from "../../services/gateway/src/start-gateway.js";
import { type Stack, postMessage, question, startStack, untilStored } from "../support/stack.js";
import { expectRefusal } from "./expect-failure.js";

const sha256 = (key: string) => createHash("sha256").update(key).digest("hex");
const API_KEYS = `alice:${sha256("key-of-alice")},bob:${sha256("key-of-bob")}`;
const ADMIN_KEY = "key-of-admin";
const asAlice = { "x-api-key": "key-of-alice" };
const asBob = { "x-api-key": "key-of-bob" };
const asAdmin = { "x-api-key": ADMIN_KEY };

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ gateway: { API_KEYS, ADMIN_KEY } });
});
afterAll(() => stack.close());

const admin = (path: string, method = "GET", headers: Record<string, string> = asAdmin) =>
  fetch(`${stack.url}/cache${path}`, { method, headers });
const read = async <T>(path: string) => (await (await admin(path)).json()) as T;

async function askAndStore(body: object, headers: Record<string, string> = asAlice): Promise<string> {
  const response = await stack.post(body, headers);
  await response.text();
  await untilStored(stack, response);
  return response.headers.get("x-cache-key") ?? "";
}

const someKey = "ab".repeat(32);
const routes: [string, string][] = [
  ["GET", "/stats"],
  ["GET", "/entries"],
  ["GET", `/entries/${someKey}`],
  ["GET", `/entries/${someKey}/why`],
  ["DELETE", `/entries/${someKey}`],
  ["DELETE", ""],
];

describe.each(routes)("%s /cache%s", (method, path) => {
  it.each<[string, Record<string, string>]>([
    ["no key", {}],
    ["an ordinary key", asAlice],
    ["a wrong key", { authorization: "Bearer guess" }],
  ])("refuses %s", async (_name, headers) => {
    const response = await admin(path, method, headers);
    expect(response.headers.get("x-should-retry")).toBe("false");
    await expectRefusal(response, 401, "authentication_error");
  });
});

describe("a gateway with ordinary keys and no ADMIN_KEY", () => {
  it.each(routes)("has %s /cache%s closed, to everybody", async (method, path) => {
    const closed = await startGateway({
      API_PORT: "0",
      LOG_LEVEL: "silent",
      CACHE_URL: stack.cache.url,
      INFERENCE_URL: stack.adapter.url,
      API_KEYS,
    });
    try {
      for (const headers of [{}, asAlice])
        await expectRefusal(
          await fetch(`${closed.url}/cache${path}`, { method, headers }),
          403,
          "permission_error",
        );
    } finally {
      await closed.close();
    }
  });
});

describe("the admin of the cache", () => {
  it.each([
    ["DELETE", "."],
    ["DELETE", "%2e%2e"],
    ["GET", "%2E."],
    ["GET", "abc"],
  ])("is told that %s /cache/entries/%s names no entry", async (method, name) => {
    const key = await askAndStore(question());
    // No URL: that would leave the dots out.
    const { hostname: host, port } = new URL(stack.url);
    const refused = request({ host, port, method, path: `/cache/entries/${name}`, headers: asAdmin }).end();
    const [response] = (await once(refused, "response")) as [IncomingMessage];
    expect([response.statusCode, await json(response)]).toMatchObject([
      400,
      { error: { type: "invalid_request_error", message: "key: must be 64 hexadecimal digits" } },
    ]);
    expect((await admin(`/entries/${key}`)).status).toBe(200);
  });

  it("sees an entry with its facts and its answer, and what it saved", async () => {
    const asked = question();
    const key = await askAndStore(asked);
    const { hits } = await read<EntryDetails>(`/entries/${key}`);
    await (await stack.post(asked, asAlice)).text();
    const response = await admin(`/entries/${key}`);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      key,
      tenant: "alice",
      model: "qwen3-coder:30b",
      hits: hits + 1,
      outputTokens: expect.any(Number) as number,
      entry: { message: { type: "message", content: [{ type: "text" }] } },
    } satisfies Partial<Record<keyof EntryDetails, unknown>>);
    const stats = await read<CacheStats>("/stats");
    expect(stats.redis).toBe("none");
    expect(stats.tiers["memory"]?.entries).toBeGreaterThan(0);
    expect(stats.models["qwen3-coder:30b"]?.hits).toBeGreaterThan(0);
  });

  it("sees no question where questions are not stored", async () => {
    const key = await askAndStore(question({ system: "This is between us." }));
    const text = await (await admin(`/entries/${key}`)).text();
    expect(text).not.toContain("between us");
    expect(JSON.parse(text)).not.toHaveProperty("request");
  });

  it("lists the entries, newest first, page by page, by tenant and model", async () => {
    const keys = [];
    for (const [model, headers] of [
      ["tiny", asAlice],
      ["tiny", asBob],
      ["qwen3-coder", asBob],
    ] as const)
      keys.push(await askAndStore(question({ model }), headers));
    const all = await read<EntryPage>("/entries?limit=3");
    expect(all.data.map(({ key }) => key)).toEqual(keys.toReversed());
    const first = await read<EntryPage>("/entries?limit=1&tenant=bob");
    const cursor = encodeURIComponent(first.next_cursor ?? "");
    const second = await read<EntryPage>(`/entries?limit=1&tenant=bob&cursor=${cursor}`);
    expect([...first.data, ...second.data].map(({ key }) => key)).toEqual([keys[2], keys[1]]);
    const tiny = await read<EntryPage>("/entries?model=tiny:latest&tenant=bob");
    expect(tiny.data.map(({ key }) => key)).toEqual([keys[1]]);
  });

  it("deletes one entry", async () => {
    const asked = question();
    const key = await askAndStore(asked);
    const response = await admin(`/entries/${key}`, "DELETE");
    expect([response.status, await response.text()]).toEqual([204, ""]);
    await expectRefusal(await admin(`/entries/${key}`), 404, "not_found_error");
    const again = await stack.post(asked, { ...asAlice, "cache-control": "only-if-cached" });
    expect(again.status).toBe(504);
  });

  it.each(["an entry", "everything"])(
    "does not bring back from a finished generation what was deleted: %s",
    async (what) => {
      const asked = question();
      for (const text of ["Answer 1.", "Answer 2."]) stack.ollama.script([{ text }], 1);
      const key = await askAndStore(asked);
      await admin(what === "everything" ? "" : `/entries/${key}`, "DELETE");
      const again = await stack.post(asked, asAlice);
      expect(again.headers.get("x-cache")).toBe("miss");
      expect(await again.text()).toContain("Answer 2.");
      stack.ollama.reset();
    },
  );

  it("clears by tenant, by model and by age", async () => {
    const clear = async (query: string) => (await admin(query, "DELETE")).json();
    await clear("");
    const mine = question({ model: "tiny" });
    await askAndStore(mine);
    await askAndStore(question(), asBob);
    await askAndStore(question());
    expect(await clear("?olderThan=3600")).toEqual({ deleted: 0 });
    expect(await clear("?tenant=bob")).toEqual({ deleted: 1 });
    expect(await clear("?model=tiny:other")).toEqual({ deleted: 0 });
    expect(await clear("?model=tin")).toEqual({ deleted: 0 });
    expect(await clear("?model=tiny")).toEqual({ deleted: 1 });
    expect((await stack.post(mine, { ...asAlice, "cache-control": "only-if-cached" })).status).toBe(504);
    expect((await read<EntryPage>("/entries")).data).toHaveLength(1);
    expect(await clear("")).toEqual({ deleted: 1 });
  });

  it.each([
    ["a filter that there is none of", "DELETE", "?modell=tiny"],
    ["a filter without a value", "DELETE", "?tenant="],
    ["a filter that is given twice", "DELETE", "?model=a&model=b"],
    ["an age that is no number", "DELETE", "?olderThan=soon"],
    ["a page of nonsense", "GET", "/entries?limit=many"],
    ["a key that is none", "GET", "/entries/abc"],
  ])("is told of %s, and nothing is deleted", async (_name, method, path) => {
    await askAndStore(question());
    const before = await read<EntryPage>("/entries");
    await expectRefusal(await admin(path, method), 400, "invalid_request_error");
    expect((await read<EntryPage>("/entries")).data).toEqual(before.data);
  });
});

describe("tenants", () => {
  it("share their answers with CACHE_SHARE_TENANTS", async () => {
    const shared = await startGateway({
      API_PORT: "0",
      LOG_LEVEL: "silent",
      CACHE_URL: stack.cache.url,
      INFERENCE_URL: stack.adapter.url,
      API_KEYS,
      CACHE_SHARE_TENANTS: "true",
    });
    try {
      const asked = question();
      const first = await postMessage(shared.url, asked, asAlice);
      await first.text();
      await untilStored(stack, first);
      const second = await postMessage(shared.url, asked, asBob);
      expect(second.headers.get("x-cache")).toBe("hit");
      expect(second.headers.get("x-cache-key")).toBe(first.headers.get("x-cache-key"));
      const info = await read<EntryDetails>(`/entries/${first.headers.get("x-cache-key")}`);
      expect(info.tenant).toBe("-");
      const elsewhere = await stack.post(asked, { ...asAlice, "cache-control": "only-if-cached" });
      expect(elsewhere.status).toBe(504);
    } finally {
      await shared.close();
    }
  });
});

describe("a gateway without keys", () => {
  it("has its cache open, and stores questions with CACHE_STORE_PROMPTS", async () => {
    const open = await startStack({ gateway: { CACHE_STORE_PROMPTS: "true" } });
    try {
      const response = await open.post(question({ system: "Be brief.", metadata: { user_id: "me" } }));
      await response.text();
      await untilStored(open, response);
      const key = response.headers.get("x-cache-key");
      const details = await fetch(`${open.url}/cache/entries/${key}`);
      expect(await details.json()).toMatchObject({
        tenant: "-",
        request: { model: "qwen3-coder:30b", system: [{ type: "text", text: "Be brief." }] },
      });
    } finally {
      await open.close();
    }
  });

  it("says so when the cache service is gone", async () => {
    const lone = await startStack();
    try {
      await lone.cache.close();
      const response = await fetch(`${lone.url}/cache/stats`);
      expect(await response.clone().text()).toContain("The cache service cannot answer");
      await expectRefusal(response, 500, "api_error");
    } finally {
      await lone.close();
    }
  });
});
