import { Controller, Get, Module } from "@nestjs/common";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { startTestService } from "./__fixtures__/start-test-service.js";
import type { RunningService } from "./bootstrap.js";

// Who sends requests without waiting for their answers has each of them worked on at the same time.

let asked = 0;
beforeEach(() => {
  asked = 0;
});

@Controller()
class SlowController {
  @Get()
  async answer(): Promise<string> {
    asked += 1;
    await sleep(100);
    return "answered";
  }
}

@Module({ controllers: [SlowController] })
class SlowModule {}

let service: RunningService;
beforeAll(async () => {
  service = await startTestService(SlowModule);
});
afterAll(() => service.close());

/** All that is answered to so many requests sent at once. */
async function answersTo(count: number): Promise<number> {
  const socket = connect(Number(new URL(service.url).port), "127.0.0.1").on("error", () => {});
  let text = "";
  socket.on("data", (chunk) => (text += chunk.toString()));
  const last = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
  socket.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(count - 1) + last);
  await new Promise((resolve) => socket.once("close", resolve));
  return text.split("answered").length - 1;
}

it("some are answered", async () => {
  expect(await answersTo(50)).toBe(50);
});

it("thousands are not even asked, and their connection is closed", async () => {
  expect(await answersTo(5000)).toBe(0);
  expect(asked).toBeLessThanOrEqual(100);
  expect(await (await fetch(service.url)).text()).toBe("answered");
});
