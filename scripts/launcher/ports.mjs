import { once } from "node:events";
import { connect, createServer } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

/** Takes a port, as a program of somebody else does. */
export async function takePort(port) {
  const server = createServer((socket) => socket.destroy()).listen(port, "127.0.0.1");
  await once(server, "listening");
  return { close: () => server.close() };
}

export function isListening(port) {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}

/** @throws Error */
export async function waitForPort(port, limitMs = 10_000) {
  const endsAt = Date.now() + limitMs;
  while (!(await isListening(port))) {
    if (Date.now() > endsAt) throw new Error(`nothing listens on port ${port}`);
    await delay(50);
  }
}
