import { Controller, Get, Module, Res } from "@nestjs/common";
import type { FastifyReply } from "fastify";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { MessageStreamEvent } from "#anthropic/events.js";
import { startTestService } from "./__fixtures__/start-test-service.js";
import type { RunningService } from "./bootstrap.js";
import { sendEventStream } from "./event-stream-reply.js";

// A header that Node refuses to send must not leave a client without an answer.

let isSourceClosed = false;

async function* events(): AsyncGenerator<MessageStreamEvent> {
  try {
    yield { type: "ping" };
    yield { type: "ping" };
  } finally {
    isSourceClosed = true;
  }
}

@Controller()
class BadHeaderController {
  @Get("stream")
  async stream(@Res() reply: FastifyReply): Promise<void> {
    const source = events();
    await source.next();
    reply.header("x-model", "a\nb");
    await sendEventStream(reply, source, {
      requestId: "req_1",
      pingIntervalMs: 60_000,
      signal: new AbortController().signal,
    });
  }

  @Get("whole")
  async whole(@Res() reply: FastifyReply): Promise<void> {
    await reply.header("x-model", "a\nb").send({});
  }
}

@Module({ controllers: [BadHeaderController] })
class BadHeaderModule {}

let service: RunningService;
beforeAll(async () => {
  service = await startTestService(BadHeaderModule);
});
afterAll(() => service.close());

it.each(["stream", "whole"])("a header that cannot be sent is answered with an error: %s", async (path) => {
  const response = await fetch(`${service.url}/${path}`, { signal: AbortSignal.timeout(10_000) });
  expect(response.status).toBe(500);
  expect(await response.json()).toEqual({
    type: "error",
    error: { type: "api_error", message: "Internal server error" },
    request_id: response.headers.get("request-id"),
  });
});

it("the source of a stream that could not begin is closed", async () => {
  isSourceClosed = false;
  await fetch(`${service.url}/stream`, { signal: AbortSignal.timeout(10_000) });
  expect(isSourceClosed).toBe(true);
});
