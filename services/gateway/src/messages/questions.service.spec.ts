import { EventEmitter } from "node:events";
import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { readClaudeCodeBody } from "#anthropic/__fixtures__/read-fixture.js";
import type { ModelCard } from "#service-contracts/model-card.js";
import { GatewayConfig } from "../gateway.config.js";
import type { ModelRouter } from "../models/model-router.js";
import type { Caller } from "./question.js";
import { QuestionsService } from "./questions.service.js";

const card = (id: string, fingerprint?: string) => ({ id, fingerprint }) as ModelCard;
const router = (model = card("qwen3-coder:30b", "f1")) => ({ known: () => model }) as unknown as ModelRouter;
const serviceOf = (config: Partial<GatewayConfig> = {}, model?: ModelCard) =>
  new QuestionsService(Object.assign(new GatewayConfig(), config), router(model));
const caller = (headers: Caller["headers"] = {}, tenant = "-"): Caller => ({
  headers,
  tenant,
  requestId: "req_1",
  client: { isGone: false, signal: new AbortController().signal },
  connection: new EventEmitter(),
});
const body = { model: "claude-opus", messages: [{ role: "user", content: "Hi" }] };
const normalizing = { CACHE_NORMALIZE: "date,home" };

/** A first turn of Claude Code 2.1.330 from another HOME or on another day. */
function turn({ home = "/home/dev", date = "2026-01-02" } = {}): unknown {
  const json = JSON.stringify(readClaudeCodeBody("first-turn-2.1.330"))
    .replaceAll("/home/dev/.claude", `${home}/.claude`)
    .replaceAll("2026-01-02", date);
  return JSON.parse(json);
}

describe("askers with other HOMEs", () => {
  it("share an entry, but not a generation: its events are not rewritten", async () => {
    const service = serviceOf(normalizing);
    const one = await service.read(turn(), caller());
    const other = await service.read(turn({ home: "/root" }), caller());
    expect(other.key).toBe(one.key);
    expect(other.requestHash).toBe(one.requestHash);
    expect(other.generationKey).not.toBe(one.generationKey);
    expect([one.home, other.home]).toEqual(["/home/dev/.claude", "/root/.claude"]);
  });

  it("of one session share no second answer either", async () => {
    const service = serviceOf(normalizing);
    const session = { "x-claude-code-session-id": "s1" };
    const one = await service.read(turn(), caller(session));
    const other = await service.read(turn({ home: "/root" }), caller(session));
    expect(other.givenHash).toBe(one.givenHash);
    expect(other.refreshKey).not.toBe(one.refreshKey);
    const plain = await serviceOf().read(turn(), caller(session));
    expect(plain.refreshKey).toBe(plain.givenHash);
  });

  it("reach the model with their own", async () => {
    const { canonical, stored } = await serviceOf({ ...normalizing, CACHE_STORE_PROMPTS: true }).read(
      turn({ home: "/root" }),
      caller(),
    );
    expect(JSON.stringify(canonical)).toContain("/root/.claude/projects/");
    expect(JSON.stringify(stored)).not.toContain("/root/.claude");
  });

  it("share nothing where that is not enabled", async () => {
    const one = await serviceOf().read(turn(), caller());
    const other = await serviceOf().read(turn({ home: "/root" }), caller());
    expect(other.key).not.toBe(one.key);
    expect(one.generationKey).toBe(one.key);
    expect(one.home).toBeUndefined();
  });
});

describe("askers on other days", () => {
  it.each<[string, boolean]>([
    ["date", true],
    ["date,home", true],
    ["home", false],
    ["", false],
  ])("with CACHE_NORMALIZE=%s share an entry: %s", async (CACHE_NORMALIZE, isShared) => {
    const service = serviceOf({ CACHE_NORMALIZE });
    const one = await service.read(turn(), caller());
    const other = await service.read(turn({ date: "2026-01-03" }), caller());
    expect(other.key === one.key).toBe(isShared);
    expect(other.generationKey).not.toBe(one.generationKey);
  });
});

describe("a question's tenant", () => {
  it("parts the keys", async () => {
    const service = serviceOf();
    const [alice, bob] = await Promise.all(
      ["alice", "bob"].map((tenant) => service.read(body, caller({}, tenant))),
    );
    expect(alice?.tenant).toBe("alice");
    expect(alice?.key).not.toBe(bob?.key);
    expect(alice?.generationKey).not.toBe(bob?.generationKey);
  });

  it("is nobody's with CACHE_SHARE_TENANTS", async () => {
    const service = serviceOf({ CACHE_SHARE_TENANTS: true });
    const [alice, bob] = await Promise.all(
      ["alice", "bob"].map((tenant) => service.read(body, caller({}, tenant))),
    );
    expect(alice?.tenant).toBe("-");
    expect(alice?.key).toBe(bob?.key);
  });
});

describe("a question's model", () => {
  it("is in the key by what would answer, not by its name", async () => {
    const keyWith = async (model: ModelCard) => (await serviceOf({}, model).read(body, caller())).key;
    const key = await keyWith(card("m", "f1"));
    expect(await keyWith(card("m", "f2"))).not.toBe(key);
    expect(await keyWith(card("m"))).not.toBe(key);
    expect(await keyWith(card("m", "f1"))).toBe(key);
  });

  it("goes to the adapter by its own name", async () => {
    const { canonical, requestedModel } = await serviceOf().read(body, caller());
    expect([requestedModel, canonical.model]).toEqual(["claude-opus", "qwen3-coder:30b"]);
  });
});

it.each([true, false])("a question is stored with CACHE_STORE_PROMPTS=%s only", async (isStored) => {
  const { canonical, stored } = await serviceOf({ CACHE_STORE_PROMPTS: isStored }).read(body, caller());
  expect(stored).toEqual(isStored ? canonical : undefined);
});

describe("one model under two names", () => {
  it("has one key", async () => {
    const keyOf = async (name: string) => (await serviceOf({}, card(name, "f1")).read(body, caller())).key;
    expect(await keyOf("qwen3-coder:30b")).toBe(await keyOf("qwen3-coder:latest"));
  });
});

describe("what is shared in flight", () => {
  it.each<[string, Caller["headers"], boolean]>([
    ["an ordinary question", {}, true],
    ["no-cache", { "cache-control": "no-cache" }, false],
    ["no-store", { "cache-control": "no-store" }, false],
    ["a question that is not kept", { "x-cache-ttl": "0" }, true],
  ])("%s: %j", async (_name, headers, isShared) => {
    const { generationKey } = await serviceOf().read(body, caller(headers));
    expect(generationKey !== undefined).toBe(isShared);
  });
});

describe("a question's mark for its session", () => {
  const session = { "x-claude-code-session-id": "s1" };
  const markOf = async (headers: Caller["headers"], asked: unknown = body, tenant = "-") =>
    (await serviceOf(normalizing).read(asked, caller(headers, tenant))).givenHash;

  it("is the hash of session, agent and key", async () => {
    const { key, givenHash } = await serviceOf().read(body, caller(session));
    const sha256 = createHash("sha256")
      .update(JSON.stringify(["s1", "", key]))
      .digest("hex");
    expect(givenHash).toBe(sha256.slice(0, 32));
  });

  it("is none where the client names no session", async () => {
    expect(await markOf({})).toBeUndefined();
    expect(await markOf({ "x-claude-code-agent-id": "a1" })).toBeUndefined();
    expect(await markOf({ "x-claude-code-session-id": "" })).toBeUndefined();
  });

  it.each<[string, () => Promise<string | undefined>]>([
    ["another session", () => markOf({ "x-claude-code-session-id": "s2" })],
    ["an agent of the session", () => markOf({ ...session, "x-claude-code-agent-id": "a1" })],
    ["another question", () => markOf(session, { ...body, max_tokens: 5 })],
    ["another tenant", () => markOf(session, body, "alice")],
  ])("is another one for %s", async (_name, other) => expect(await other()).not.toBe(await markOf(session)));

  it("is the same after midnight, where the key is", async () =>
    expect(await markOf(session, turn({ date: "2026-01-03" }))).toBe(await markOf(session, turn())));
});

it("a body that is wrong is refused before a model is looked for", async () => {
  const service = new QuestionsService(new GatewayConfig(), {} as ModelRouter);
  await expect(service.read({ model: "m" }, caller())).rejects.toMatchObject({
    type: "invalid_request_error",
  });
});
