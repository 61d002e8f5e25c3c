import { Body, Controller, Module, Post } from "@nestjs/common";
import { once } from "node:events";
import { type ClientRequest, type IncomingMessage, request } from "node:http";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startTestService } from "./__fixtures__/start-test-service.js";
import { BodyBudget } from "./body-budget.js";
import type { RunningService } from "./bootstrap.js";

// A body that does not say its length is counted as it comes.

const megabyte = 1024 * 1024;
const room = 12 * megabyte;

@Controller()
class LengthController {
  @Post()
  measure(@Body() body: string): { length: number } {
    return { length: body.length };
  }
}

@Module({ controllers: [LengthController] })
class LengthModule {}

let service: RunningService;
beforeAll(async () => {
  service = await startTestService(LengthModule, {
    maxBodyBytes: 10 * megabyte,
    bodies: new BodyBudget(room),
  });
});
afterAll(() => service.close());

/** A refusal may come before all is sent: it is waited for from the beginning. */
const answers = new WeakMap<ClientRequest, Promise<[IncomingMessage]>>();

function send(method = "POST", path = "/"): ClientRequest {
  const call = request(service.url + path, { method, headers: { "transfer-encoding": "chunked" } });
  const answer = once(call, "response") as Promise<[IncomingMessage]>;
  answer.catch(() => {});
  answers.set(call, answer);
  return call;
}

/** Sends so much of a JSON text and goes on with it later. */
async function begin(megabytes: number): Promise<ClientRequest> {
  const call = send();
  call.write('"');
  const piece = Buffer.alloc(megabyte, "a");
  for (let sent = 0; sent < megabytes; sent++) await new Promise((resolve) => call.write(piece, resolve));
  return call;
}

async function answerTo(call: ClientRequest): Promise<{ status: number | undefined; body: unknown }> {
  const [answer] = await answers.get(call)!;
  return { status: answer.statusCode, body: JSON.parse(await text(answer)) };
}

const refusal = { status: 529, body: expect.objectContaining({ type: "error" }) as unknown };

it("has its room until it is answered, and no other takes it", async () => {
  const first = await begin(8);
  await expect(answerTo(await begin(6))).resolves.toEqual(refusal);
  first.end('"');
  await expect(answerTo(first)).resolves.toEqual({ status: 201, body: { length: 8 * megabyte } });
  const next = await begin(9);
  next.end('"');
  await expect(answerTo(next)).resolves.toMatchObject({ status: 201 });
});

it("is taken for what has come, not for more", async () => {
  const many = await Promise.all(Array.from({ length: 20 }, () => begin(0)));
  const long = await begin(9);
  long.end('"');
  await expect(answerTo(long)).resolves.toMatchObject({ status: 201 });
  for (const call of many) {
    call.end('"');
    await expect(answerTo(call)).resolves.toMatchObject({ status: 201 });
  }
});

it("leaves its room when its client leaves", async () => {
  const gone = await begin(9);
  gone.on("error", () => {}).destroy();
  const askAgain = async () => {
    const next = await begin(9);
    next.end('"');
    return (await answerTo(next)).status;
  };
  await expect.poll(askAgain, { timeout: 20_000 }).toBe(201);
});

it("is no more than a body may have", async () => {
  await expect(answerTo(await begin(11))).resolves.toMatchObject({ status: 413 });
});

it.each(["GET", "PROPFIND", "DELETE"])("of a %s that no route reads harms nobody", async (method) => {
  const call = send(method, "/nowhere").on("error", () => {});
  for (let sent = 0; sent < 14; sent++) call.write(Buffer.alloc(megabyte, "a"));
  call.end();
  expect((await answerTo(call)).status).toBeGreaterThanOrEqual(400);
  const next = await begin(9);
  next.end('"');
  await expect(answerTo(next)).resolves.toMatchObject({ status: 201 });
});
