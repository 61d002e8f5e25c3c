import { APIError } from "@anthropic-ai/sdk";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { startGateway } from "../../services/gateway/src/start-gateway.js";
import {
  type Stack,
  clientFor,
  question,
  readEvents,
  startHungServer,
  startStack,
  writes,
  isOneProcess,
} from "../support/stack.js";
import { expectErrorEvent, expectRefusal } from "./expect-failure.js";

type Script = Parameters<Stack["ollama"]["script"]>[0];

describe("a backend that fails", () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack();
  });
  afterEach(() => stack.ollama.reset());
  afterAll(() => stack.close());

  it.each<[string, Script, number, string]>([
    ["an error", [{ status: 500, body: { error: "model runner has stopped" } }], 500, "api_error"],
    ["too many requests", [{ status: 503, body: { error: "server busy" } }], 529, "overloaded_error"],
    ["a page", [{ status: 502, body: "<html>Bad Gateway</html>" }], 500, "api_error"],
    ["nothing but an end", [{ cut: "end" }], 500, "api_error"],
    ["a reset", [{ cut: "reset" }], 500, "api_error"],
    ["garbage", [{ raw: "not json\n" }, { cut: "end" }], 500, "api_error"],
    ["an error line", [{ raw: '{"error":"unexpected EOF"}\n' }, { cut: "end" }], 500, "api_error"],
    ["a number", [{ raw: "42\n" }, { cut: "end" }], 500, "api_error"],
  ])("before the first token has its true status in both modes: %s", async (_name, script, status, type) => {
    stack.ollama.script(script);
    for (const stream of [false, true])
      await expectRefusal(await stack.post(question({ stream })), status, type);
  });

  const midStream: [string, Script][] = [
    ["an end without done", [{ text: "Half of the" }, { cut: "end" }]],
    ["a reset", [{ text: "Half of the" }, { cut: "reset" }]],
    ["a garbage line", [{ text: "Half of the" }, { raw: "{garbage\n" }]],
    ["half a line", [{ text: "Half of the" }, { raw: '{"message":{"content":"ans' }, { cut: "end" }]],
    ["an error line", [{ text: "Half of the" }, { raw: '{"error":"an error was encountered"}\n' }]],
  ];

  it.each(midStream)("in the middle ends a stream with an error event: %s", async (_name, script) => {
    stack.ollama.script(script);
    await expectErrorEvent(await stack.post(question({ stream: true })), "api_error");
  });

  it.each(midStream)("in the middle makes the SDK throw: %s", async (_name, script) => {
    stack.ollama.script(script);
    const stream = stack.client().messages.stream(question());
    await expect(stream.finalMessage()).rejects.toBeInstanceOf(APIError);
  });

  it.each(midStream)("in the middle of a unary answer has its status: %s", async (_name, script) => {
    stack.ollama.script(script);
    await expectRefusal(await stack.post(question()), 500, "api_error");
  });

  it("and is well again answers again, the same request too", async () => {
    const asked = question();
    stack.ollama.script([{ text: "Half" }, { cut: "reset" }], 1);
    expect((await stack.post(asked)).status).toBe(500);
    expect((await stack.post(asked)).status).toBe(200);
  });

  it("by not being there has its status, and is back when it is", async () => {
    expect((await stack.post(question())).status).toBe(200);
    await stack.ollama.stop();
    await expectRefusal(await stack.post(question()), 500, "api_error");
    await expectRefusal(await stack.post(question({ stream: true })), 500, "api_error");
    await stack.ollama.resume();
    expect((await stack.post(question())).status).toBe(200);
  });

  it("by dying ends the streams it was writing", async () => {
    stack.ollama.script([{ text: "Some words" }, { delayMs: 60_000 }]);
    const response = await stack.post(question({ stream: true }));
    const ending = expectErrorEvent(response, "api_error");
    await stack.ollama.stop();
    await ending;
    await stack.ollama.resume();
  });
});

describe("an adapter", () => {
  it("that goes while it answers ends the stream with an error event", async () => {
    const stack = await startStack();
    try {
      stack.ollama.script([{ text: "Some words" }, { delayMs: 60_000 }]);
      const response = await stack.post(question({ stream: true }));
      const ending = readEvents(response);
      const closing = stack.adapter.close();
      const events = await ending;
      expect(events.at(-1)).toMatchObject({ type: "error", error: { type: expect.any(String) as string } });
      expect(events.map(({ type }) => type)).not.toContain("message_stop");
      await closing;
      const refused = await stack.post(question());
      if (isOneProcess) await expectRefusal(refused, 529, "overloaded_error");
      else await expectRefusal(refused, 500, "api_error");
    } finally {
      await stack.close();
    }
  });

  it("that hangs from the start is given up", async () => {
    const hung = await startHungServer();
    const gateway = await startGateway({
      API_PORT: "0",
      LOG_LEVEL: "silent",
      CACHE_URL: "http://127.0.0.1:1",
      INFERENCE_URL: hung.url,
    });
    try {
      const startedAt = performance.now();
      const answers = await Promise.allSettled(
        [false, true].map((stream) => {
          const { messages } = clientFor(gateway.url);
          return stream ? messages.stream(question()).finalMessage() : messages.create(question());
        }),
      );
      for (const answer of answers)
        expect(answer).toMatchObject({ status: "rejected", reason: { status: 504 } });
      expect(performance.now() - startedAt).toBeLessThan(20_000);
    } finally {
      await gateway.close();
      await hung.close();
    }
  });
});

describe("a full queue", () => {
  it("is refused with the advice to try again soon", async () => {
    const stack = await startStack({ adapter: { INFERENCE_QUEUE_LIMIT: "0", DETACH_GRACE_MS: "0" } });
    const leaving = new AbortController();
    try {
      stack.ollama.script([{ text: "Some words" }, { delayMs: 60_000 }], 1);
      const running = await stack.post(question({ stream: true }), {}, leaving.signal);
      expect(running.status).toBe(200);
      stack.ollama.script(writes("Hi."));
      const refused = await stack.post(question());
      expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
      expect(Number(refused.headers.get("retry-after"))).toBeLessThanOrEqual(60);
      expect(refused.headers.has("x-should-retry")).toBe(false);
      await expectRefusal(refused, 529, "overloaded_error");
    } finally {
      leaving.abort();
      await stack.close();
    }
  });
});
