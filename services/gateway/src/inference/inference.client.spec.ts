import type { IncomingMessage, ServerResponse } from "node:http";
import { once } from "node:events";
import { json, text as readText } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { collect } from "#anthropic/__fixtures__/collect.js";
import { ApiError } from "#anthropic/errors.js";
import type { MessageStreamEvent } from "#anthropic/events.js";
import { messageToEvents } from "#anthropic/message-to-events.js";
import { encodeEvent } from "#anthropic/sse.js";
import { inferenceHeaders } from "#service-contracts/inference-headers.js";
import { type TestServer, startServer as openServer } from "../__fixtures__/start-server.js";
import { GatewayConfig } from "../gateway.config.js";
import { InProcess } from "../in-process.js";
import type { InferenceCall } from "./inference-call.js";
import { InferenceClient } from "./inference.client.js";

const events: MessageStreamEvent[] = [
  ...messageToEvents({
    id: "msg_1",
    type: "message",
    role: "assistant",
    model: "tiny:latest",
    content: [{ type: "text", text: "Hi." }],
    stop_reason: "end_turn",
    stop_sequence: null,
    usage: { input_tokens: 1, output_tokens: 2 },
  }),
];
const beginning = events.slice(0, 3).map(encodeEvent).join("");

const ours = {
  type: "model" as const,
  id: "tiny:latest",
  display_name: "tiny",
  created_at: "2026-01-01T00:00:00Z",
  max_input_tokens: 65_536,
  max_tokens: 65_536,
  fingerprint: "f1",
};
const { fingerprint: _ours, ...foreign } = ours;

const call = (changed: Partial<InferenceCall> = {}): InferenceCall => ({
  request: { model: "tiny:latest", messages: [{ role: "user", content: [{ type: "text", text: "Hi" }] }] },
  model: foreign,
  key: "abc",
  joins: "any",
  isReadWhole: false,
  session: "s",
  conversation: "c",
  requestId: "req_1",
  signal: new AbortController().signal,
  ...changed,
});
const startServer = (answer: TestServer["answer"]) => openServer(answer, onTestFinished);
const clientOf = (url: string, env: Partial<GatewayConfig> = {}) =>
  new InferenceClient(Object.assign(new GatewayConfig(), { INFERENCE_URL: url, ...env }), new InProcess());

type Answer = (request: IncomingMessage, response: ServerResponse) => void;
const stream =
  (text: string, end: (response: ServerResponse) => void = (response) => response.end()): Answer =>
  (_, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    if (text === "") response.flushHeaders();
    else response.write(text);
    setTimeout(() => end(response), 20);
  };

async function errorOf(work: () => Promise<unknown>): Promise<ApiError> {
  try {
    await work();
  } catch (error) {
    if (error instanceof ApiError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("InferenceClient.create", () => {
  it("sends the request and gives the answer's events and headers", async () => {
    let body: unknown;
    const server = await startServer(async (request, response) => {
      body = await json(request);
      response.writeHead(200, {
        "x-fingerprint": "f2",
        "x-served-model": "tiny:1b",
        "x-max-tokens": "99",
        "x-input-tokens": "7",
        "x-generation": "joined",
      });
      response.end(events.map(encodeEvent).join(""));
    });
    const answer = await clientOf(`${server.url}/`).create(call());
    expect(await collect(answer.events)).toEqual(events);
    expect(answer).toMatchObject({
      fingerprint: "f2",
      servedModel: "tiny:1b",
      maxTokens: "99",
      inputTokens: 7,
      isJoined: true,
    });
    expect(body).toEqual({ ...call().request, stream: true });
    expect(server.requests[0]).toMatchObject({ method: "POST", url: "/v1/messages" });
    expect(server.requests[0]?.headers).toMatchObject({ "x-cache-key": "abc", "request-id": "req_1" });
  });

  it.each<[string, InferenceCall["model"], unknown, string | undefined]>([
    [
      "our adapter",
      { ...ours, id: "tiny ü", takes_client_json: true },
      '{ "model": "opus", "x": 1e2 }',
      "tiny%20%C3%BC",
    ],
    ["one of an older version", ours, JSON.stringify({ ...call().request, stream: true }), undefined],
    ["another server", foreign, JSON.stringify({ ...call().request, stream: true }), undefined],
  ])(
    "sends the client's own bytes only to an adapter that takes them: %s",
    async (_name, model, sent, header) => {
      let body: unknown;
      const server = await startServer(async (request, response) => {
        body = await readText(request);
        response.end(events.map(encodeEvent).join(""));
      });
      const rawBody = Buffer.from('{ "model": "opus", "x": 1e2 }');
      await collect((await clientOf(server.url).create(call({ rawBody, model }))).events);
      expect(body).toBe(sent);
      expect(server.requests[0]?.headers["x-model"]).toBe(header);
    },
  );

  it.each([
    [true, "whole"],
    [false, undefined],
  ])("tells that the answer is read when it is whole: %s", async (isReadWhole, header) => {
    const server = await startServer(stream(events.map(encodeEvent).join("")));
    await collect((await clientOf(server.url).create(call({ isReadWhole }))).events);
    expect(server.requests[0]?.headers["x-reading"]).toBe(header);
  });

  it("keeps the connection of a whole answer for the next", async () => {
    const ports = new Set<number | undefined>();
    const server = await startServer((request, response) => {
      ports.add(request.socket.remotePort);
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(events.map(encodeEvent).join(""));
      setTimeout(() => response.end(), 20);
    });
    const client = clientOf(server.url);
    // It is free once the end of the body has come, a little behind the last event.
    let asked = 0;
    for (; asked < 100 && ports.size === asked; asked++) {
      await collect((await client.create(call())).events);
      await sleep(100);
    }
    expect(ports.size).toBeLessThan(asked);
  });

  it("closes the connection of an answer that never ends behind its last event", async () => {
    const closed = Promise.withResolvers<void>();
    const server = await startServer((_, response) => {
      response.once("close", closed.resolve);
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(events.map(encodeEvent).join(""));
    });
    await collect((await clientOf(server.url).create(call())).events);
    await closed.promise;
  });

  it("takes no pause of its own process for a silence", async () => {
    const server = await startServer((_, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(beginning);
      const standStill = () => {
        const endsAt = Date.now() + 600;
        while (Date.now() < endsAt);
      };
      const finish = () => {
        response.end(events.slice(3).map(encodeEvent).join(""));
        // It is sent by now; behind an immediate Node looks at its timers first, and then for what has come.
        process.nextTick(standStill);
      };
      setTimeout(() => setImmediate(finish), 100);
    });
    const client = clientOf(server.url, { FIRST_EVENT_TIMEOUT_MS: 400 });
    expect(await collect((await client.create(call())).events)).toEqual(events);
  });

  it("does without the headers of our adapter", async () => {
    const server = await startServer(stream(events.map(encodeEvent).join("")));
    const { events: read, ...answer } = await clientOf(server.url).create(call());
    expect(await collect(read)).toEqual(events);
    expect(answer).toMatchObject({
      fingerprint: undefined,
      servedModel: "tiny:latest",
      maxTokens: undefined,
      inputTokens: 0,
      isJoined: false,
    });
  });

  it("shares no generation without a key", async () => {
    const server = await startServer(stream(""));
    const client = clientOf(server.url);
    for (const requestId of ["req_1", "req_2"]) await client.create(call({ key: undefined, requestId }));
    const keys = server.requests.map(({ headers }) => headers["x-cache-key"]);
    expect(keys).toEqual(["req_1", "req_2"]);
  });

  const refusal = (type: string) => JSON.stringify({ type: "error", error: { type, message: "Because." } });
  it.each<[string, number, string, Record<string, string>, Partial<ApiError>, Record<string, string>]>([
    [
      "a refusal",
      400,
      refusal("invalid_request_error"),
      {},
      { status: 400, type: "invalid_request_error", message: "Because." },
      { "x-should-retry": "false" },
    ],
    [
      "a full queue with its advice",
      529,
      refusal("overloaded_error"),
      { "retry-after": "10" },
      { status: 529, type: "overloaded_error" },
      { "retry-after": "10" },
    ],
    [
      "an advice that clients would not follow",
      529,
      refusal("overloaded_error"),
      { "retry-after": "600" },
      { status: 529 },
      { "retry-after": "60" },
    ],
    [
      "an error that is final",
      500,
      refusal("api_error"),
      { "x-should-retry": "false" },
      { status: 500, type: "api_error" },
      { "x-should-retry": "false" },
    ],
    [
      "an error type that nobody knows",
      400,
      refusal("from_the_future"),
      {},
      { type: "invalid_request_error" },
      { "x-should-retry": "false" },
    ],
    ["an error that is no JSON", 502, "<html>", {}, { status: 500, type: "api_error" }, {}],
    ["an error without a body", 503, "", {}, { type: "overloaded_error" }, { "retry-after": "5" }],
    ["a redirection", 302, "", { location: "/x" }, { status: 500, type: "api_error" }, {}],
  ])("throws %s as its own", async (_name, status, body, headers, expected, answered) => {
    const server = await startServer((_, response) => void response.writeHead(status, headers).end(body));
    const error = await errorOf(() => clientOf(server.url).create(call()));
    expect(error).toMatchObject(expected);
    expect(error.toHeaders()).toEqual(answered);
  });

  it("says that nobody is there", async () => {
    const error = await errorOf(() => clientOf("http://127.0.0.1:1").create(call()));
    expect(error).toMatchObject({ status: 500, type: "api_error" });
    expect(error.message).toMatch("The inference service cannot answer");
  });

  it("does not wait for headers without end", async () => {
    const server = await startServer(() => {});
    const client = clientOf(server.url, { FIRST_EVENT_TIMEOUT_MS: 200 });
    expect(await errorOf(() => client.create(call()))).toMatchObject({ status: 504, type: "timeout_error" });
  });

  it("does not wait for the body of a refusal without end", async () => {
    const server = await startServer((_, response) => void response.writeHead(529).write('{"type":'));
    const client = clientOf(server.url, { FIRST_EVENT_TIMEOUT_MS: 200 });
    expect(await errorOf(() => client.create(call()))).toMatchObject({ status: 529 });
  });

  it("is given up with its signal", async () => {
    const server = await startServer(() => {});
    const created = clientOf(server.url).create(call({ signal: AbortSignal.timeout(50) }));
    await expect(created).rejects.toThrow("given up");
  });

  describe("of a foreign server whose headers come with its first event", () => {
    const openLate = async (answer: (response: ServerResponse) => void) => {
      const asked = Promise.withResolvers<ServerResponse>();
      const server = await startServer((_, response) => asked.resolve(response));
      const leaving = new AbortController();
      const created = await clientOf(server.url).create(call({ signal: leaving.signal }));
      const read = collect(created.events);
      answer(await asked.promise);
      return { read, leave: () => leaving.abort(), response: await asked.promise };
    };

    it("is an answer before they are there", async () => {
      const { read } = await openLate((response) =>
        stream(events.map(encodeEvent).join(""))(response.req, response),
      );
      expect(await read).toEqual(events);
    });

    it("tells a refusal in its events", async () => {
      const { read } = await openLate((response) => response.writeHead(529).end(refusal("overloaded_error")));
      await expect(read).rejects.toMatchObject({ status: 529, message: "Because." });
    });

    it("is given up when its client leaves", async () => {
      const { read, leave, response } = await openLate(() => {});
      const closed = once(response, "close");
      leave();
      await expect(read).rejects.toThrow("given up");
      await closed;
    });
  });

  it("says what has begun when its client leaves at that moment", async () => {
    const leaving = new AbortController();
    const server = await startServer((_, response) => {
      leaving.abort();
      const headers = { [inferenceHeaders.inputTokens]: "7", [inferenceHeaders.subscription]: "one" };
      setImmediate(() => response.writeHead(200, headers).flushHeaders());
    });
    const created = await clientOf(server.url).create(call({ model: ours, signal: leaving.signal }));
    expect(created.inputTokens).toBe(7);
  });

  it("is not waited for any longer when its client has left", async () => {
    const leaving = new AbortController();
    const server = await startServer(() => leaving.abort());
    const created = clientOf(server.url).create(call({ model: ours, signal: leaving.signal }));
    await expect(created).rejects.toThrow("given up");
  });

  it.each([
    ["%E6%A8%A1%E5%9E%8B-%CE%B2", "模型-β"],
    ["100%", "100%"],
  ])("names the model that answers: %s", async (header, name) => {
    const server = await startServer((_, response) =>
      response.writeHead(200, { [inferenceHeaders.servedModel]: header }).flushHeaders(),
    );
    expect((await clientOf(server.url).create(call())).servedModel).toBe(name);
  });
});

describe("InferenceClient's events", () => {
  const error = (type: string) =>
    `event: error\ndata: ${JSON.stringify({ type: "error", error: { type, message: "Because." } })}\n\n`;
  it.each<[string, Answer, string, string]>([
    ["an error event", stream(beginning + error("overloaded_error")), "overloaded_error", "Because."],
    ["an error type that nobody knows", stream(beginning + error("x")), "api_error", "Because."],
    ["an end without message_stop", stream(beginning), "api_error", "before the answer was complete"],
    [
      "half an event at the end",
      stream(`${beginning}event: content_block_delta\ndata: {"type":"conte`),
      "api_error",
      "before the answer was complete",
    ],
    ["data that is no JSON", stream(`${beginning}data: {bad\n\n`), "api_error", "no JSON object"],
    ["data that is no object", stream(`${beginning}data: 7\n\n`), "api_error", "no JSON object"],
    [
      "a broken connection",
      stream(beginning, (response) => response.destroy()),
      "api_error",
      "broke off its stream",
    ],
    ["silence", stream(beginning, () => {}), "timeout_error", "sent nothing for"],
  ])("end with %s in a throw", async (_name, answer, type, text) => {
    const server = await startServer(answer);
    const limitMs = type === "timeout_error" ? 300 : 20_000;
    const client = clientOf(server.url, { FIRST_EVENT_TIMEOUT_MS: limitMs });
    const { events: read } = await client.create(call());
    const seen: MessageStreamEvent[] = [];
    const thrown = await errorOf(async () => {
      for await (const event of read) seen.push(event);
    });
    expect(thrown.type).toBe(type);
    expect(thrown.message).toContain(text);
    expect(seen).toEqual(events.slice(0, 3));
  });

  it("count no silence while nobody reads", async () => {
    const server = await startServer(
      stream(beginning, (response) => response.end(events.slice(3).map(encodeEvent).join(""))),
    );
    const client = clientOf(server.url, { FIRST_EVENT_TIMEOUT_MS: 200 });
    const seen: MessageStreamEvent[] = [];
    for await (const event of (await client.create(call())).events) {
      if (seen.push(event) === 1) await new Promise((resolve) => setTimeout(resolve, 600));
    }
    expect(seen).toEqual(events);
  });

  it("close the connection when they are closed", async () => {
    const closed = Promise.withResolvers<void>();
    const server = await startServer((request, response) => {
      response.once("close", closed.resolve);
      stream(beginning, () => {})(request, response);
    });
    for await (const _ of (await clientOf(server.url).create(call())).events) break;
    await closed.promise;
  });

  it("close the connection of a foreign server when the client leaves", async () => {
    const closed = Promise.withResolvers<void>();
    const server = await startServer((request, response) => {
      response.once("close", closed.resolve);
      stream(beginning, () => {})(request, response);
    });
    const answer = await clientOf(server.url).create(call());
    const read = collect(answer.events);
    answer.leave();
    await expect(read).rejects.toThrow(ApiError);
    await closed.promise;
  });
});

describe("InferenceClient's metadata", () => {
  it.each(["<html>", "{}", "null", '{"input_tokens":"4"}'])("takes %s for no count", async (body) => {
    const server = await startServer((_, response) => response.end(body));
    await expect(clientOf(server.url).countTokens(call().request)).rejects.toThrow(/counts no tokens/);
  });

  it("lists models and counts tokens", async () => {
    const server = await startServer((request, response) =>
      response.end(
        JSON.stringify(request.url?.startsWith("/v1/models") ? { data: [ours] } : { input_tokens: 12 }),
      ),
    );
    const client = clientOf(server.url);
    expect(await client.listModels()).toEqual({ models: [ours], undescribed: [] });
    expect(await client.countTokens(call().request)).toEqual({ input_tokens: 12 });
  });

  it.each([
    ["no list", "{}", "lists no models"],
    ["no JSON", "hello", "lists no models"],
    ["null", "null", "lists no models"],
  ])("refuses %s for the models", async (_name, body, text) => {
    const server = await startServer((_, response) => void response.end(body));
    expect((await errorOf(() => clientOf(server.url).listModels())).message).toContain(text);
  });

  it("takes what is a model only", async () => {
    const data = [null, 7, {}, { id: 7 }, { id: "m", fingerprint: [] }, ours];
    const server = await startServer((_, response) => response.end(JSON.stringify({ data })));
    expect(await clientOf(server.url).listModels()).toEqual({ models: [ours], undescribed: [] });
    expect(await errorOf(() => clientOf(server.url).getModel("m"))).toMatchObject({ type: "api_error" });
  });

  it("asks for a name that no URL can hold", async () => {
    const server = await startServer((_, response) => response.end(JSON.stringify(ours)));
    expect(await clientOf(server.url).getModel("a/\ud800?")).toEqual(ours);
    expect(server.requests[0]?.url).toBe("/v1/models/a%2F%EF%BF%BD%3F");
  });

  it("throws what was refused", async () => {
    const body = '{"type":"error","error":{"type":"not_found_error","message":"model: x"}}';
    const server = await startServer((_, response) => void response.writeHead(404).end(body));
    expect(await errorOf(() => clientOf(server.url).countTokens(call().request))).toMatchObject({
      status: 404,
      message: "model: x",
    });
  });
});
