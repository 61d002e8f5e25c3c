import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import { HttpClient } from "./http-client.js";

const kept = 5;
let answer: (socket: Socket, response: ServerResponse) => void;
const server = createServer((request, response) => {
  request.resume().once("end", () => answer(request.socket, response));
});
beforeAll(async () => void (await once(server.listen(0, "127.0.0.1"), "listening")));
afterAll(() => {
  server.close();
  server.closeAllConnections();
});

/** A client with so many kept connections, and these. */
async function keepSome(idleSocketMs?: number) {
  const { port } = server.address() as AddressInfo;
  const client = new HttpClient(`http://127.0.0.1:${port}`, 1000, {}, idleSocketMs);
  const waiting: ServerResponse[] = [];
  const known = new WeakSet<Socket>();
  answer = (socket, response) => {
    known.add(socket);
    if (waiting.push(response) === kept) for (const each of waiting) each.end("{}");
  };
  const ask = (timeoutMs?: number) => client.request({ method: "POST", path: "/", body: {}, timeoutMs });
  await Promise.all(Array.from({ length: kept }, () => ask()));
  return { ask, known };
}

it("a request finds a living connection behind any number of dead ones", async () => {
  const { ask, known } = await keepSome();
  answer = (socket, response) => (known.has(socket) ? socket.resetAndDestroy() : response.end("{}"));
  expect((await ask()).status).toBe(200);
});

it("a request that breaks whoever reads it is sent twice at most", async () => {
  const { ask } = await keepSome();
  let asked = 0;
  answer = (socket) => {
    asked += 1;
    socket.resetAndDestroy();
  };
  await expect(ask()).rejects.toMatchObject({ fault: "broken" });
  expect(asked).toBe(2);
});

it("a request after one that was not answered in time gets a fresh connection", async () => {
  const { ask, known } = await keepSome();
  answer = (socket, response) => void (known.has(socket) || response.end("{}"));
  await expect(ask(100)).rejects.toMatchObject({ fault: "timeout" });
  expect((await ask(100)).status).toBe(200);
});

it("a connection that was not used for so long is not used again", async () => {
  const { ask, known } = await keepSome(50);
  answer = (socket, response) => void (known.has(socket) || response.end("{}"));
  await new Promise((resolve) => setTimeout(resolve, 150));
  expect((await ask(100)).status).toBe(200);
});
