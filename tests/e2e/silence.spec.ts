import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Step } from "../support/fake-ollama/fake-ollama.js";
import { type Stack, question, readEvents, startStack } from "../support/stack.js";
import { expectErrorEvent, expectRefusal } from "./expect-failure.js";

describe("a backend that falls silent", () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack({ adapter: { FIRST_EVENT_TIMEOUT_MS: "20000", IDLE_TIMEOUT_MS: "1500" } });
  });
  afterEach(() => stack.ollama.reset());
  afterAll(() => stack.close());

  it.each([false, true])("after its first token is given up (stream: %s)", async (stream) => {
    stack.ollama.script([{ text: "Some words" }, { delayMs: 60_000 }]);
    const response = await stack.post(question({ stream }));
    if (stream) await expectErrorEvent(response, "timeout_error");
    else await expectRefusal(response, 504, "timeout_error");
  });

  it("while it writes a tool call is waited for", async () => {
    const input = { file_path: "a.txt", content: "x".repeat(5000) };
    stack.ollama.script([
      { text: "Writing." },
      { delayMs: 4000 },
      { toolCall: { name: "Write", arguments: input } },
    ]);
    const tools = [{ name: "Write", input_schema: { type: "object" as const } }];
    const message = await stack.client().messages.stream(question({ tools })).finalMessage();
    expect(message).toMatchObject({
      stop_reason: "tool_use",
      content: [{ text: "Writing." }, { name: "Write", input }],
    });
  });
});

describe("a backend that never begins", () => {
  it.each([false, true])("is given up (stream: %s)", async (stream) => {
    // Well before a stream is begun without an answer, which is after two seconds.
    const stack = await startStack({ adapter: { FIRST_EVENT_TIMEOUT_MS: "1000" } });
    try {
      expect((await stack.post(question())).status).toBe(200);
      stack.ollama.hang();
      await expectRefusal(await stack.post(question({ stream })), 504, "timeout_error");
    } finally {
      await stack.close();
    }
  });
});

describe("a model that loads for long", () => {
  it("is no silence for the client: the message starts after two seconds, and pings follow", async () => {
    const stack = await startStack();
    try {
      stack.ollama.script([{ headersDelayMs: 13_500 }, { text: "At last." }]);
      const startedAt = performance.now();
      const response = await stack.post(question({ stream: true }));
      const headersAfter = performance.now() - startedAt;
      expect(headersAfter).toBeGreaterThan(1500);
      expect(headersAfter).toBeLessThan(6000);
      const events = await readEvents(response);
      const types = events.map(({ type }) => type);
      expect(types[0]).toBe("message_start");
      expect(types[1]).toBe("ping");
      expect(types.filter((type) => type === "message_start")).toHaveLength(1);
      expect(types.at(-1)).toBe("message_stop");
      expect(events[0]).toMatchObject({ message: { model: "qwen3-coder", content: [] } });
    } finally {
      await stack.close();
    }
  });

  it("and then fails ends in an error event", async () => {
    const stack = await startStack();
    try {
      stack.ollama.script([{ headersDelayMs: 2500 }, { status: 500, body: { error: "out of memory" } }]);
      await expectErrorEvent(await stack.post(question({ stream: true })), "api_error");
    } finally {
      await stack.close();
    }
  });
});

describe("a model that falls silent in the middle", () => {
  it.each<[string, Step[]]>([
    ["of a text", [{ text: "and the rest." }]],
    ["while it writes a tool call", [{ toolCall: { name: "Write", arguments: { file_path: "a.txt" } } }]],
  ])("is bridged by pings to the end: %s", async (_name, rest) => {
    const stack = await startStack();
    try {
      stack.ollama.script([{ text: "Some words " }, { delayMs: 11_500 }, ...rest]);
      const tools = [{ name: "Write", input_schema: { type: "object" as const } }];
      const events = await readEvents(await stack.post(question({ stream: true, tools })));
      const types = events.map(({ type }) => type);
      expect(types.indexOf("ping", types.indexOf("content_block_delta"))).toBeGreaterThan(0);
      expect(types.at(-1)).toBe("message_stop");
    } finally {
      await stack.close();
    }
  });
});
