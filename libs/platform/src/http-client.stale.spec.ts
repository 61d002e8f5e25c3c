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

it("a request finds a living connection behind any number of dead ones", async () => {
  const client = new HttpClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, 1000);
  const waiting: ServerResponse[] = [];
  const dead = new WeakSet<Socket>();
  answer = (socket, response) => {
    dead.add(socket);
    if (waiting.push(response) === kept) for (const each of waiting) each.end("{}");
  };
  const ask = () => client.request({ method: "POST", path: "/", body: {} });
  await Promise.all(Array.from({ length: kept }, ask));
  answer = (socket, response) => (dead.has(socket) ? socket.resetAndDestroy() : response.end("{}"));
  expect((await ask()).status).toBe(200);
});
