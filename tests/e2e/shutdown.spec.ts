import { once } from "node:events";
import { connect } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { type Stack, question, readEvents, startStack } from "../support/stack.js";

let stack: Stack;
afterEach(() => stack.close());

const within = async (work: Promise<unknown>): Promise<number> => {
  const startedAt = performance.now();
  await work;
  return performance.now() - startedAt;
};

describe("a service that closes", () => {
  it.each(["gateway", "adapter", "cache"] as const)(
    "is not held up by connections without a request: %s",
    async (name) => {
      stack = await startStack();
      const socket = connect(Number(new URL(stack[name].url).port), "127.0.0.1");
      socket.on("error", () => {});
      await once(socket, "connect");
      await fetch(`${stack[name].url}/health/live`); // so the socket before was surely accepted
      expect(await within(stack[name].close())).toBeLessThan(5000);
      socket.destroy();
    },
  );

  it("lets the answers under way finish", async () => {
    stack = await startStack();
    stack.ollama.script([{ text: "Some " }, { delayMs: 700 }, { text: "words." }]);
    const response = await stack.post(question({ stream: true }));
    const [events] = await Promise.all([readEvents(response), stack.gateway.close(20_000)]);
    expect(events.at(-1)).toEqual({ type: "message_stop" });
    await expect(stack.post(question())).rejects.toThrow();
  });

  it.each(["gateway", "adapter"] as const)(
    "ends what takes too long with an error event: %s",
    async (name) => {
      stack = await startStack();
      stack.ollama.script([{ text: "Some words" }, { delayMs: 60_000 }]);
      const reading = readEvents(await stack.post(question({ stream: true })));
      expect(await within(stack[name].close(300))).toBeLessThan(10_000);
      const events = await reading;
      expect(events.at(-1)).toMatchObject({ type: "error", error: { type: "overloaded_error" } });
    },
  );
});
