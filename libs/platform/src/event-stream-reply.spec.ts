import fastify from "fastify";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { ApiError } from "#anthropic/errors.js";
import type { MessageStreamEvent } from "#anthropic/events.js";
import { type EventStreamOptions, sendEventStream } from "./event-stream-reply.js";

const ping: MessageStreamEvent = { type: "ping" };
const onePing = 'event: ping\ndata: {"type":"ping"}\n\n';

/** What each write of an answer carried. */
async function writesOf(
  events: AsyncIterable<MessageStreamEvent>,
  options: Partial<EventStreamOptions> = {},
): Promise<string[]> {
  const app = fastify();
  const writes: string[] = [];
  app.get("/", async (_request, reply) => {
    const write = reply.raw.write.bind(reply.raw);
    reply.raw.write = ((chunk: string) => {
      writes.push(chunk);
      return write(chunk);
    }) as typeof reply.raw.write;
    await sendEventStream(reply, events, {
      requestId: "req_1",
      pingIntervalMs: 60_000,
      signal: new AbortController().signal,
      ...options,
    });
  });
  const { body } = await app.inject("/");
  await app.close();
  expect(body).toBe(writes.join(""));
  return writes;
}

it("sends the events of one turn of the event loop as one write", async () => {
  async function* events() {
    yield* [ping, ping, ping];
  }
  expect(await writesOf(events())).toEqual([onePing.repeat(3)]);
});

it("does not hold an event back for the next one", async () => {
  async function* events() {
    yield ping;
    await sleep(50);
    yield ping;
  }
  expect(await writesOf(events())).toEqual([onePing, onePing]);
});

it("sends what had come before the error that ends it", async () => {
  async function* events() {
    yield ping;
    throw new Error("broken");
  }
  const text = (await writesOf(events())).join("");
  expect(text.startsWith(`${onePing}event: error\n`)).toBe(true);
});

it.each([
  ["a client", {}, {}, "broken; please retry your request", {}],
  ["a client, when the same request can never succeed", { shouldRetry: false }, {}, "broken", {}],
  ["a service of ours", { retryAfterSeconds: 5 }, { tellsAdvice: true }, "broken", { retry_after: 5 }],
])("tells %s with the error whether to try again", async (_to, error, options, message, advice) => {
  async function* events() {
    yield ping;
    throw new ApiError("api_error", "broken", error);
  }
  const text = (await writesOf(events(), options)).join("");
  expect(JSON.parse(text.split("data: ").at(-1)!)).toEqual({
    type: "error",
    error: { type: "api_error", message },
    request_id: "req_1",
    ...advice,
  });
});
