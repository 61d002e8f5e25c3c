import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { CacheStats, EntryInfo } from "#service-contracts/cache-store.js";
import { type Stack, question, startHungServer, startStack, untilStored } from "../support/stack.js";

const run = promisify(execFile);
const script = fileURLToPath(new URL("../../scripts/cache.mjs", import.meta.url));
const API_KEYS = `alice:${createHash("sha256").update("key-of-alice").digest("hex")}`;
const ADMIN_KEY = "key-of-admin";

let stack: Stack;
let closedUrl: string;
beforeAll(async () => {
  const closed = await startHungServer();
  closedUrl = closed.url;
  await closed.close();
  stack = await startStack({ gateway: { API_KEYS, ADMIN_KEY } });
});
afterAll(() => stack.close());
beforeEach(() => cache("clear"));

interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}
/** `npm run cache -- …` as npm runs it. */
const cacheWith = (env: NodeJS.ProcessEnv, ...args: string[]): Promise<Ended> =>
  run(process.execPath, [script, ...args], { env }).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    ({ code, stdout, stderr }: Ended) => ({ code, stdout, stderr }),
  );
const cache = (...args: string[]) => cacheWith({ API_URL: `${stack.url}/`, ADMIN_KEY }, ...args);

/** What a command prints, which must end well. */
async function printed<T>(...args: string[]): Promise<T> {
  const { code, stdout, stderr } = await cache(...args);
  expect([code, stderr]).toEqual([0, ""]);
  return JSON.parse(stdout) as T;
}

async function store(model = "tiny"): Promise<string> {
  const response = await stack.post(question({ model }), { "x-api-key": "key-of-alice" });
  await response.text();
  await untilStored(stack, response);
  return response.headers.get("x-cache-key") ?? "";
}

describe("npm run cache --", () => {
  it("stats", async () => {
    await store();
    const stats = await printed<CacheStats>("stats");
    expect(stats).toMatchObject({ redis: "none", tiers: { memory: { entries: 1 } } });
    expect(stats.models["tiny:latest"]?.entries).toBe(1);
  });

  it("list, with and without filters, over several pages", async () => {
    const keys = [await store(), await store("qwen3-coder"), await store()];
    const listed = async (...args: string[]) =>
      (await printed<EntryInfo[]>("list", ...args)).map(({ key }) => key);
    expect(await listed()).toEqual(keys.toReversed());
    expect(await listed("--limit", "2")).toEqual([keys[2], keys[1]]);
    expect(await listed("--limit", "100000")).toHaveLength(3);
    expect(await listed("--model", "tiny:latest")).toEqual([keys[2], keys[0]]);
    expect(await listed("--tenant", "bob")).toEqual([]);
  });

  it("show and delete", async () => {
    const key = await store();
    expect(await printed("show", key)).toMatchObject({ key, entry: { message: { type: "message" } } });
    expect(await cache("delete", key)).toEqual({ code: 0, stdout: "done\n", stderr: "" });
    expect(await cache("show", key)).toEqual({ code: 1, stdout: "", stderr: "No entry under this key\n" });
  });

  it("why", async () => {
    const [first, second] = [await store(), await store()];
    expect(await printed("why", second)).toMatchObject({
      key: first,
      first_difference: "messages[0].content[0]",
    });
  });

  it("clear, of what is meant only", async () => {
    await store();
    await store("qwen3-coder");
    expect(await printed("clear", "--older-than", "3600")).toEqual({ deleted: 0 });
    expect(await printed("clear", "--tenant", "bob")).toEqual({ deleted: 0 });
    expect(await printed("clear", "--model", "tiny:latest")).toEqual({ deleted: 1 });
    expect(await printed("clear")).toEqual({ deleted: 1 });
  });

  it.each(["..", ".", "abc"])("takes %s for no key, and deletes nothing", async (name) => {
    await store();
    const refused = { code: 1, stdout: "", stderr: "KEY must be 64 hexadecimal digits\n" };
    expect(await cache("delete", name)).toEqual(refused);
    expect(await printed("clear")).toEqual({ deleted: 1 });
  });

  it.each([
    ["nothing", []],
    ["an unknown command", ["purge"]],
    ["a name that every object has", ["toString"]],
    ["no key", ["show"]],
    ["two keys", ["delete", "a", "b"]],
    ["a word after clear", ["clear", "tiny"]],
    ["a filter that clear has not", ["clear", "--limit", "1"]],
    ["a filter that nothing has", ["clear", "--modell", "tiny"]],
    ["a filter without a value", ["clear", "--model"]],
    ["a filter that list has not", ["list", "--older-than", "60"]],
    ["a limit that is no number", ["list", "--limit", "many"]],
    ["a limit of none", ["list", "--limit", "0"]],
  ])("shows its usage for %s, and deletes nothing", async (_name, args) => {
    await store();
    const { code, stdout, stderr } = await cache(...args);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toContain("npm run cache -- COMMAND");
    expect(stderr).not.toContain("    at ");
    expect(await printed("list")).toHaveLength(1);
  });

  it.each<[string, () => NodeJS.ProcessEnv, string]>([
    ["no key", () => ({ API_URL: stack.url }), "administration wants ADMIN_KEY as the API key"],
    [
      "a wrong key",
      () => ({ API_URL: stack.url, ADMIN_KEY: "guess" }),
      "administration wants ADMIN_KEY as the API key",
    ],
    ["no gateway", () => ({ API_URL: closedUrl }), "does not answer: ECONNREFUSED"],
    ["a URL that is none", () => ({ API_URL: "nonsense" }), "The gateway at nonsense does not answer"],
    ["another server", () => ({ API_URL: stack.ollama.url }), "The gateway answers with status 404"],
  ])("says so for %s", async (_name, env, message) => {
    const { code, stdout, stderr } = await cacheWith(env(), "stats");
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toContain(message);
    expect(stderr.trim().split("\n")).toHaveLength(1);
  });
});
