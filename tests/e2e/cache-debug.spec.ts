import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createHash } from "node:crypto";
import { readClaudeCodeBody } from "#anthropic/__fixtures__/read-fixture.js";
import type { Neighbour } from "#service-contracts/cache-store.js";
import { type Stack, question, startStack, untilStored } from "../support/stack.js";

const sha256 = (key: string) => createHash("sha256").update(key).digest("hex");
const tenants = Array.from({ length: 20 }, (_, index) => `tenant-${index}`);
const API_KEYS = tenants.map((name) => `${name}:${sha256(name)}`).join();

let stack: Stack;
let tenant: string;
beforeAll(async () => {
  stack = await startStack({ gateway: { API_KEYS, ADMIN_KEY: "admin" } });
});
afterAll(() => stack.close());

/** Each test is a tenant of its own: whoever has stored nothing has no neighbours. */
const nextTenant = () => (tenant = tenants.pop() ?? "");
const headers = () => ({ "x-api-key": tenant });

async function askAndStore(body: object): Promise<string | null> {
  const response = await stack.post(body, headers());
  await response.text();
  await untilStored(stack, response);
  return response.headers.get("x-cache-key");
}

/** What a miss is told of its nearest question. */
async function nearestTo(body: object, more: Record<string, string> = {}): Promise<Neighbour | undefined> {
  const response = await stack.post(body, { ...headers(), "x-cache-debug": "1", ...more });
  await response.text();
  const header = response.headers.get("x-cache-debug");
  return header === null ? undefined : (JSON.parse(header) as Neighbour);
}
const why = (key: string | null) =>
  fetch(`${stack.url}/cache/entries/${key}/why`, { headers: { "x-api-key": "admin" } });

const turn = (name: string, from = "", to = ""): object => {
  const json = JSON.stringify({ ...readClaudeCodeBody(name), stream: false });
  return JSON.parse(json.replaceAll(from, to)) as object;
};

describe("x-cache-debug on a miss", () => {
  it.each<[string, string, string, string, string]>([
    ["another HOME, 2.1.197", "first-turn", "/home/dev/.claude", "/root/.claude", "system[1].text"],
    ["another HOME, 2.1.330", "first-turn-2.1.330", "/home/dev/.claude", "/root/.claude", "system[1].text"],
    ["another day, 2.1.197", "first-turn", "2026-01-02", "2026-01-03", "messages[0].content[1]"],
    ["another day, 2.1.330", "first-turn-2.1.330", "2026-01-02", "2026-01-03", "messages[0].content[0]"],
    ["another tool", "first-turn-2.1.330", "description of the Agent tool", "new words", "tools[0]"],
  ])("names where %s parts", async (_name, fixture, from, to, path) => {
    nextTenant();
    const key = await askAndStore(turn(fixture));
    const nearest = await nearestTo(turn(fixture, from, to));
    expect(nearest).toEqual({ key, equal_paths: expect.any(Number) as number, first_difference: path });
    expect(nearest?.equal_paths).toBeGreaterThan(3);
  });

  it("costs no generation with only-if-cached", async () => {
    nextTenant();
    await askAndStore(question({ max_tokens: 100 }));
    const before = stack.ollama.generations();
    const asked = question({ max_tokens: 101 });
    expect(await nearestTo(asked, { "cache-control": "only-if-cached" })).toMatchObject({
      // The model, before all else.
      equal_paths: 1,
      first_difference: "max_tokens",
    });
    expect(stack.ollama.generations()).toBe(before);
  });

  it("names a field in any script, and of any length, in a header that arrives", async () => {
    nextTenant();
    await askAndStore(question({ "0größe日本": 1 }));
    expect((await nearestTo(question({ "0größe日本": 2 })))?.first_difference).toBe("0größe日本");
    const long = `0${"x".repeat(100_000)}`;
    expect((await nearestTo(question({ [long]: 1 })))?.first_difference).toBe(long.slice(0, 64));
  });

  it("is not there on a hit, nor unasked, nor where the tenant has stored nothing", async () => {
    nextTenant();
    expect(await nearestTo(question())).toBeUndefined();
    const asked = question();
    await askAndStore(asked);
    expect(await nearestTo(asked)).toBeUndefined();
    expect(await nearestTo(question(), { "x-cache-debug": "0" })).toBeUndefined();
    expect(await nearestTo(question(), { "cache-control": "no-cache" })).toBeUndefined();
  });

  it("names no question of another tenant", async () => {
    nextTenant();
    const asked = question();
    await askAndStore(asked);
    nextTenant();
    expect(await nearestTo({ ...asked, max_tokens: 5 })).toBeUndefined();
  });
});

describe("GET /cache/entries/{key}/why", () => {
  it("names the nearest other question, and where the two part", async () => {
    nextTenant();
    const first = await askAndStore(turn("first-turn-2.1.330"));
    const second = await askAndStore(turn("first-turn-2.1.330", "/home/dev/.claude", "/root/.claude"));
    const response = await why(second);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ key: first, first_difference: "system[1].text" });
  });

  it("knows nothing of a key that is not stored", async () =>
    expect((await why("ab".repeat(32))).status).toBe(404));
});
