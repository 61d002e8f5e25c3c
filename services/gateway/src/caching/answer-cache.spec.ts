import { EventEmitter } from "node:events";
import { describe, expect, it } from "vitest";
import type { Message } from "#anthropic/messages.js";
import type { NeighbourRequest, Store, StoreRequest } from "#service-contracts/cache-store.js";
import type { StoredEntry } from "#service-contracts/stored-entry.js";
import { createLogger } from "#platform/logging.js";
import { ApiKeys } from "../access/api-keys.js";
import { GatewayConfig } from "../gateway.config.js";
import type { InferenceAnswer } from "../inference/inference-call.js";
import type { Question } from "../messages/question.js";
import { AnswerCache } from "./answer-cache.js";
import { toCacheKey } from "./cache-key.js";
import type { CacheClient } from "./cache.client.js";
import type { CachePolicy } from "./is-cacheable.js";
import { toRequestParts } from "./request-parts.js";

const says = (text: string): Message => ({
  id: "msg_stored",
  type: "message",
  role: "assistant",
  model: "tiny:latest",
  content: [{ type: "text", text }],
  stop_reason: "end_turn",
  stop_sequence: null,
  usage: { input_tokens: 1, output_tokens: 2 },
});
const entryOf = (message: Message, ageMs = 0): StoredEntry => ({
  version: 1,
  storedAt: Date.now() - ageMs,
  servedModel: "tiny:latest",
  gpuSeconds: 1,
  message,
});
const canonical = {
  model: "tiny:latest",
  messages: [{ role: "user" as const, content: [{ type: "text" as const, text: "Hi" }] }],
};
const policy: CachePolicy = {
  isRead: true,
  isStored: true,
  isShared: true,
  isDebug: false,
  onlyIfCached: false,
  maxAgeSeconds: Infinity,
  ttlSeconds: 60,
};
const question = (changed: Partial<Question> = {}, wishes: Partial<CachePolicy> = {}): Question => ({
  requestedModel: "claude-opus",
  isStream: false,
  model: { id: "tiny:latest", fingerprint: "f1" } as Question["model"],
  policy: { ...policy, ...wishes },
  caller: {
    headers: {},
    tenant: "alice",
    requestId: "req_1",
    client: { isGone: false, signal: new AbortController().signal },
    connection: new EventEmitter(),
  },
  tenant: "alice",
  canonical,
  stored: undefined,
  parts: toRequestParts(canonical),
  requestHash: "h",
  key: toCacheKey("h", { tenant: "alice", fingerprint: "f1" }),
  generationKey: undefined,
  home: undefined,
  quotedIds: [],
  givenHash: "session-1",
  refreshKey: "session-1",
  ...changed,
});
const answer = (changed: Partial<InferenceAnswer> = {}) =>
  ({ fingerprint: "f1", servedModel: "tiny:latest", ...changed }) as InferenceAnswer;

/** A cache service in memory that notes what it is asked. */
class FakeCache {
  readonly entries = new Map<string, StoreRequest & { ttlSeconds: number }>();
  readonly given = new Set<string>();
  readonly lookups: (string | undefined)[] = [];
  neighbourRequest: NeighbourRequest | undefined;

  async get(key: string, givenHash?: string) {
    this.lookups.push(givenHash);
    if (givenHash !== undefined && this.given.has(givenHash)) return "given";
    return this.entries.get(key)?.entry;
  }

  async put({ key, request, ttlSeconds }: Store) {
    this.entries.set(key, { ...request, ttlSeconds });
    return true;
  }

  markGiven(_key: string, hash: string) {
    this.given.add(hash);
  }

  async nearest(request: NeighbourRequest) {
    this.neighbourRequest = request;
    return undefined;
  }
}

function start() {
  const service = new FakeCache();
  const config = Object.assign(new GatewayConfig(), { LOG_LEVEL: "silent" });
  const keys = new ApiKeys(config, createLogger("gateway", config));
  const cache = new AnswerCache(config, service as unknown as CacheClient, keys);
  return { service, cache };
}

describe("AnswerCache.store", () => {
  const recording = { message: says("Hello"), timings: undefined };

  it("stores the answer with its tenant, its paths and its time", async () => {
    const { service, cache } = start();
    const timings = { load_seconds: 5, prefill_seconds: 1, decode_seconds: 2 };
    expect(await cache.store(question(), answer(), { message: says("Hello"), timings })).toBe(true);
    expect([...service.entries]).toEqual([
      [
        question().key,
        {
          entry: { ...entryOf(says("Hello")), storedAt: expect.any(Number) as number, gpuSeconds: 3 },
          tenant: "alice",
          paths: expect.arrayContaining([["messages[0].content[0]", expect.any(String)]]) as unknown,
          ttlSeconds: 60,
        },
      ],
    ]);
  });

  it("stores under what really answered", async () => {
    const { service, cache } = start();
    await cache.store(question(), answer({ fingerprint: "f2" }), recording);
    expect([...service.entries.keys()]).toEqual([toCacheKey("h", { tenant: "alice", fingerprint: "f2" })]);
  });

  it.each<[string, Question["model"], string]>([
    ["the model's fingerprint", { id: "m", fingerprint: "f3" } as Question["model"], "f3"],
    ["the model's name", { id: "m" } as Question["model"], "m"],
  ])("takes %s where the answer tells none", async (_name, model, fingerprint) => {
    const { service, cache } = start();
    await cache.store(question({ model }), answer({ fingerprint: undefined }), recording);
    expect([...service.entries.keys()]).toEqual([toCacheKey("h", { tenant: "alice", fingerprint })]);
  });

  it.each<[string, Question["stored"]]>([
    ["with the question where that is wanted", canonical],
    ["without it elsewhere", undefined],
  ])("stores an answer %s", async (_name, stored) => {
    const { service, cache } = start();
    await cache.store(question({ stored }), answer(), recording);
    const [kept] = service.entries.values();
    expect(kept && "request" in kept).toBe(stored !== undefined);
    expect(kept?.request).toEqual(stored);
  });

  it("stores the asker's folder nowhere", async () => {
    const { service, cache } = start();
    const asked = question({ home: "/home/alice/.claude" });
    await cache.store(asked, answer(), { message: says("In /home/alice/.claude/a"), timings: undefined });
    expect(JSON.stringify([...service.entries])).not.toContain("/home/alice");
  });
});

describe("AnswerCache.find", () => {
  const messageOf = (found: Awaited<ReturnType<AnswerCache["find"]>>) => {
    if (found === undefined || found === "given") throw new Error("not found");
    return JSON.parse(found.replay.toJson("claude-opus")) as Message;
  };

  const stored = (message = says("Hello"), ageMs = 0) => {
    const started = start();
    const entry = { entry: entryOf(message, ageMs), tenant: "alice", ttlSeconds: 60 };
    started.service.entries.set(question().key, entry);
    return started;
  };

  it("gives the answer under the asked name, with an id of its own", async () => {
    const found = await stored().cache.find(question());
    expect(messageOf(found)).toMatchObject({ model: "claude-opus", content: [{ text: "Hello" }] });
    expect(messageOf(found)).not.toMatchObject({ id: "msg_stored" });
  });

  it("gives the asker's own folder", async () => {
    const { cache } = stored(says("In <HOME>/.claude/a, not <\\HOME>"));
    const found = await cache.find(question({ home: "/root/.claude" }));
    expect(messageOf(found)).toMatchObject({ content: [{ text: "In /root/.claude/a, not <HOME>" }] });
  });

  it("tells that the session has had it, and nothing of the sort without a session", async () => {
    const { service, cache } = stored();
    service.given.add("session-1");
    expect(await cache.find(question())).toBe("given");
    expect(await cache.find(question({ givenHash: "session-2" }))).toHaveProperty("entry");
    expect(await cache.find(question({ givenHash: undefined }))).toHaveProperty("entry");
  });

  it("gives whoever takes stored answers only the same one again", async () => {
    const { service, cache } = stored();
    service.given.add("session-1");
    expect(await cache.find(question({}, { onlyIfCached: true }))).toHaveProperty("entry");
  });

  it("asks for nothing where nothing is to be read", async () => {
    const { service, cache } = stored();
    expect(await cache.find(question({}, { isRead: false }))).toBeUndefined();
    expect(service.lookups).toEqual([]);
  });

  it.each([
    [60, 45, true],
    [30, 45, false],
    [0, 45, false],
    [60, -3600, false],
    [Infinity, -3600, true],
  ])("with max-age=%d and an entry of %i s: %s", async (maxAgeSeconds, ageSeconds, isTaken) => {
    const { cache } = stored(says("Hello"), ageSeconds * 1000);
    expect((await cache.find(question({}, { maxAgeSeconds }))) !== undefined).toBe(isTaken);
  });
});

describe("AnswerCache.markGiven", () => {
  it.each<[string, Question, string[]]>([
    ["a session", question(), ["session-1"]],
    ["no session", question({ givenHash: undefined }), []],
    ["an answer that is not stored", question({}, { isStored: false }), []],
  ])("of %s", (_name, asked, marks) => {
    const { service, cache } = start();
    void cache.markGiven(asked);
    expect([...service.given]).toEqual(marks);
  });
});

it("AnswerCache.nearest asks among the tenant's, and not for the question itself", async () => {
  const { service, cache } = start();
  await cache.nearest(question());
  expect(service.neighbourRequest).toMatchObject({ tenant: "alice", except: question().key });
  expect(service.neighbourRequest?.paths.map(([path]) => path)).toEqual([
    "model",
    "messages[0]",
    "messages[0].content[0]",
  ]);
});
