import { once } from "node:events";
import { type RequestListener, type Server, createServer } from "node:http";
import { type AddressInfo, type Socket, connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { Connections } from "./connections.js";

let server: Server;
let connections: Connections;
afterEach(() => {
  connections.closeAll();
  server.close();
});

async function connectTo(listener: RequestListener): Promise<Socket> {
  server = createServer(listener).listen(0, "127.0.0.1");
  connections = new Connections();
  connections.watch(server);
  await once(server, "listening");
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  await Promise.all([once(server, "connection"), once(socket, "connect")]);
  return socket.on("error", () => {}).resume();
}

const get = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
const half = "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n{";

/** How long it takes until this connection is closed, looked at as a closing service does. */
async function closedAfter(socket: Socket): Promise<number> {
  const startedAt = performance.now();
  const sweep = setInterval(() => server.closeIdleConnections(), 50);
  await once(socket, "close");
  clearInterval(sweep);
  return performance.now() - startedAt;
}

describe("idle connections are closed", () => {
  it("at once where nothing was ever asked", async () => {
    const socket = await connectTo(() => {});
    expect(await closedAfter(socket)).toBeLessThan(1500);
  });

  it("at once where the answer was read", async () => {
    const socket = await connectTo((_request, response) => response.end("a"));
    socket.write(get);
    await once(socket, "data");
    await sleep(50);
    expect(await closedAfter(socket)).toBeLessThan(1500);
  });

  it.each([
    ["head", get.slice(0, 20)],
    ["body", half],
  ])("after a while where half a %s came", async (_part, bytes) => {
    const socket = await connectTo(() => {});
    socket.write(bytes);
    await sleep(100);
    expect(await closedAfter(socket)).toBeGreaterThan(1500);
  });

  it("only when the answer has been sent, not when it was handed over", async () => {
    const size = 30_000_000;
    const socket = await connectTo((_request, response) => response.end(Buffer.alloc(size)));
    socket.pause();
    socket.write(get);
    await sleep(500);
    const closed = closedAfter(socket);
    server.close();
    await sleep(200);
    let received = 0;
    socket.on("data", (chunk) => (received += chunk.length)).resume();
    await closed;
    expect(received).toBeGreaterThan(size);
  });
});

it("an answer is due to whole requests only", async () => {
  const socket = await connectTo(() => {});
  const accepted = once(server, "request");
  socket.write(half);
  const [request] = (await accepted) as Parameters<RequestListener>;
  expect(connections.isAnswering(request.socket)).toBe(false);
  request.resume();
  socket.write('"a": "b"}');
  await once(request, "end");
  expect(connections.isAnswering(request.socket)).toBe(true);
});
