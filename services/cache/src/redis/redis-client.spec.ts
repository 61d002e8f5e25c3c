import { once } from "node:events";
import { type AddressInfo, type Socket, createServer } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { createRedisClient } from "./redis-client.js";

/** A server that answers the first command with this. */
async function startServer(answer: string): Promise<number> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket.on("error", () => {}));
    socket.once("data", () => socket.write(answer));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

const options = { isTls: false, certificate: undefined, database: 0, username: "", password: "" };

async function connect(port: number) {
  const ending = new AbortController();
  onTestFinished(() => ending.abort());
  const client = createRedisClient({ host: "127.0.0.1", port }, options, ending.signal);
  const failed = new Promise((resolve) => client.on("error", resolve));
  await client.connect();
  return { client, failed };
}

it.each([
  ["one too many", "+PONG\r\n+PONG\r\n"],
  ["of a length that none has", "*99999999999\r\n"],
])("ends the connection at an answer that cannot be read: %s", async (_name, answer) => {
  const { client, failed } = await connect(await startServer(answer));
  await client.ping().catch(() => undefined);
  await failed;
  await expect(client.ping()).rejects.toThrow();
});

it("keeps what it has read when more comes", async () => {
  const text = "x".repeat(200_000);
  const { client } = await connect(await startServer(`$${text.length}\r\n${text}\r\n$3\r\nabc\r\n`));
  expect(await Promise.all([client.get("a"), client.get("b")])).toEqual([text, "abc"]);
});
