import { AuthenticationError } from "@anthropic-ai/sdk";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startError } from "#platform/bootstrap.js";
import { startGateway } from "../../services/gateway/src/start-gateway.js";
import { type Stack, question, startStack, untilStored } from "../support/stack.js";

const sha256 = (key: string) => createHash("sha256").update(key).digest("hex");
const apiKeys = `alice:${sha256("key-of-alice")},bob:${sha256("key-of-bob")}`;
const cacheOf = ({ headers }: Response) => headers.get("x-cache");

describe("a gateway with keys", () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack({ gateway: { API_KEYS: apiKeys } });
  });
  afterAll(() => stack.close());

  it.each<[string, Record<string, string>]>([
    ["x-api-key", { "x-api-key": "key-of-alice" }],
    ["Bearer", { authorization: "Bearer key-of-bob" }],
    ["one of both", { "x-api-key": "dummy", authorization: "Bearer key-of-bob" }],
  ])("answers a known key: %s", async (_name, headers) => {
    expect((await stack.post(question(), headers)).status).toBe(200);
  });

  it.each<[string, Record<string, string>]>([
    ["no key", {}],
    ["a wrong key", { "x-api-key": "dummy" }],
    ["a wrong token", { authorization: "Bearer dummy" }],
    ["the hash of a key", { "x-api-key": sha256("key-of-alice") }],
  ])("refuses %s for good", async (_name, headers) => {
    const response = await stack.post(question(), headers);
    expect(response.status).toBe(401);
    expect(response.headers.get("x-should-retry")).toBe("false");
    expect(await response.json()).toEqual({
      type: "error",
      error: { type: "authentication_error", message: expect.any(String) as string },
      request_id: response.headers.get("request-id"),
    });
  });

  it("works with the SDK, by key or by token", async () => {
    const byKey = stack.client({ apiKey: "key-of-alice" });
    const byToken = stack.client({ apiKey: null, authToken: "key-of-bob" });
    for (const client of [byKey, byToken])
      expect((await client.messages.create(question())).type).toBe("message");
    const wrong = stack.client({ apiKey: "dummy", maxRetries: 5 });
    await expect(wrong.messages.create(question())).rejects.toBeInstanceOf(AuthenticationError);
  });

  it("shares no answers between tenants", async () => {
    const asked = question();
    const first = await stack.post(asked, { "x-api-key": "key-of-alice" });
    await first.text();
    await untilStored(stack, first);
    expect(cacheOf(await stack.post(asked, { authorization: "Bearer key-of-alice" }))).toBe("hit");
    const other = await stack.post(asked, { "x-api-key": "key-of-bob" });
    expect(cacheOf(other)).toBe("miss");
    expect(other.headers.get("x-cache-key")).not.toBe(first.headers.get("x-cache-key"));
  });

  it.each([
    ["POST", "/v1/messages"],
    ["POST", "/v1/messages/count_tokens"],
    ["GET", "/v1/models"],
    ["GET", "/v1/models/tiny"],
  ])("guards %s %s", async (method, path) => {
    const request = method === "POST" ? { method, body: JSON.stringify(question()) } : {};
    expect((await fetch(stack.url + path, request)).status).toBe(401);
  });

  it.each(["content-length: 33000000", "transfer-encoding: chunked"])(
    "reads no body without a key: %s",
    async (length) => {
      const socket = connect(Number(new URL(stack.url).port), "127.0.0.1");
      socket.write(`POST /v1/messages HTTP/1.1\r\nhost: localhost\r\n${length}\r\n\r\n`);
      const [answer] = (await once(socket, "data")) as [Buffer];
      socket.destroy();
      expect(answer.toString()).toMatch(/^HTTP\/1.1 401 /);
    },
  );

  it("tells who sends a long body that the key is wrong", async () => {
    const response = await stack.post(question({ system: "x".repeat(16_000_000) }), { "x-api-key": "dummy" });
    expect(response.status).toBe(401);
  });

  it.each(["/", "/health", "/health/live", "/health/ready", "/metrics"])(
    "leaves %s open for whoever watches it",
    async (path) => expect((await fetch(stack.url + path)).status).toBe(200),
  );

  it("tells no key in what it exports for Claude Code", async () => {
    const env = await (await fetch(`${stack.url}/claude-code/env`)).text();
    expect(env).toContain("ANTHROPIC_BASE_URL");
    expect(env).not.toContain("ANTHROPIC_AUTH_TOKEN");
  });
});

describe("a gateway that others can reach", () => {
  const start = (env: NodeJS.ProcessEnv) =>
    startGateway({ API_HOST: "0.0.0.0", API_PORT: "0", LOG_LEVEL: "silent", ...env });

  it.each<[string, NodeJS.ProcessEnv]>([
    ["without keys", {}],
    ["with a list of keys that is empty", { API_KEYS: "," }],
  ])("does not start %s", async (_name, env) => {
    const error = await start(env).catch((thrown: unknown) => thrown);
    expect(startError(error)).toContain("API_HOST 0.0.0.0 is reachable from elsewhere: set API_KEYS");
  });

  it.each<[string, NodeJS.ProcessEnv]>([
    ["with keys", { API_KEYS: apiKeys }],
    ["by permission", { ALLOW_UNAUTHENTICATED: "true" }],
  ])("starts %s", async (_name, env) => {
    const gateway = await start(env);
    expect((await fetch(`${gateway.url}/health/live`)).status).toBe(200);
    await gateway.close();
  });
});
