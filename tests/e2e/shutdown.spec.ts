import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, type Socket, connect } from "node:net";
import { text as readText } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { type Stack, question, readEvents, startStack } from "../support/stack.js";

let stack: Stack;
afterEach(() => stack.close());

const within = async (work: Promise<unknown>): Promise<number> => {
  const startedAt = performance.now();
  await work;
  return performance.now() - startedAt;
};

async function connectTo(url: string): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  socket.on("error", () => {});
  await once(socket, "connect");
  return socket;
}

describe("a service that closes", () => {
  it.each(["gateway", "adapter", "cache"] as const)(
    "is not held up by connections without a request: %s",
    async (name) => {
      stack = await startStack();
      const socket = await connectTo(stack[name].url);
      await fetch(`${stack[name].url}/health/live`); // so the socket before was surely accepted
      expect(await within(stack[name].close())).toBeLessThan(5000);
      socket.destroy();
    },
  );

  const body = JSON.stringify(question());
  const head = `POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length}\r\n\r\n`;
  const services = ["gateway", "adapter", "cache"] as const;

  it.each([
    ...services.map((name) => [name, "half a head", head.slice(0, 40)] as const),
    ...services.map((name) => [name, "half a body", head + body.slice(0, 10)] as const),
  ])("does not wait for the rest of a request that has stopped: %s, %s", async (name, _part, bytes) => {
    stack = await startStack();
    const socket = await connectTo(stack[name].url);
    socket.write(bytes);
    await sleep(200);
    expect(await within(stack[name].close(60_000))).toBeLessThan(20_000);
    socket.destroy();
  });

  it("answers a request whose body is still coming", async () => {
    stack = await startStack();
    const socket = await connectTo(stack.url);
    socket.write(head + body.slice(0, 10));
    await sleep(200);
    const closed = stack.gateway.close(60_000);
    await sleep(200);
    socket.write(body.slice(10));
    expect(await readText(socket)).toMatch(/^HTTP\/1\.1 200 /);
    await closed;
  });

  it("does not wait longer than it may for a body that comes byte by byte", async () => {
    stack = await startStack();
    const socket = await connectTo(stack.url);
    socket.write(head);
    const trickle = setInterval(() => socket.write(" "), 100);
    await sleep(200);
    expect(await within(stack.gateway.close(2500))).toBeLessThan(20_000);
    clearInterval(trickle);
    socket.destroy();
  });

  it.each(["gateway", "adapter"] as const)(
    "does not wait longer than it may for a client that does not read: %s",
    async (name) => {
      stack = await startStack();
      stack.ollama.script([{ text: "words ".repeat(2000), forever: true }]);
      const socket = await connectTo(stack[name].url);
      socket.pause();
      const long = JSON.stringify(question({ stream: true, max_tokens: 200_000 }));
      socket.write(head.replace(/\d+(?=\r\n\r\n)/, String(long.length)) + long);
      await sleep(2000);
      expect(await within(stack[name].close(300))).toBeLessThan(20_000);
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

  it.each([true, false])("ends what has not begun with an error: stream %s", async (stream) => {
    const silent = createServer(() => {}).listen(0, "127.0.0.1");
    await once(silent, "listening");
    stack = await startStack({ adapter: { FETCH_PRIVATE_HOSTS: "localhost" } });
    const url = `http://localhost:${(silent.address() as AddressInfo).port}/a.txt`;
    const content = [{ type: "document", source: { type: "url", url } }];
    const asked = stack.post(question({ stream, messages: [{ role: "user", content }] }));
    await once(silent, "request");
    await stack.gateway.close(300);
    const response = await asked;
    expect(response.status).toBe(529);
    expect(await response.json()).toMatchObject({ error: { type: "overloaded_error" } });
    silent.closeAllConnections();
    silent.close();
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
