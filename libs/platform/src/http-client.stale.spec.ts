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
async function keepSome() {
  const client = new HttpClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, 1000);
  const waiting: ServerResponse[] = [];
  const known = new WeakSet<Socket>();
  answer = (socket, response) => {
    known.add(socket);
    if (waiting.push(response) === kept) for (const each of waiting) each.end("{}");
  };
  const ask = () => client.request({ method: "POST", path: "/", body: {} });
  await Promise.all(Array.from({ length: kept }, ask));
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
