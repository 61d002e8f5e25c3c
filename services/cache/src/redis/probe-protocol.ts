import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { RedisAddress } from "./parse-redis-url.js";

const probeTimeoutMs = 1000;

/** Whether a TLS handshake succeeds there, whoever signed the certificate. */
export function speaksTls({ host, port }: RedisAddress): Promise<boolean> {
  const socket = connectTls({ host, port, rejectUnauthorized: false });
  return settle(socket, (resolve) => socket.once("secureConnect", () => resolve(true)));
}

/** A TLS port that is asked plainly may answer with another error. */
const plainAnswer = /^(\+PONG|-NOAUTH|-NOPERM|-LOADING|-MASTERDOWN|-DENIED)/;

/** Whether it answers a ping that is not encrypted, be it with an error. */
export function speaksPlainRedis({ host, port }: RedisAddress): Promise<boolean> {
  const socket = connect({ host, port });
  socket.write("PING\r\n");
  return settle(socket, (resolve) =>
    socket.once("data", (data) => resolve(plainAnswer.test(data.toString()))),
  );
}

async function settle(socket: Socket, listen: (resolve: (is: boolean) => void) => void): Promise<boolean> {
  try {
    return await new Promise<boolean>((resolve) => {
      listen(resolve);
      socket.on("error", () => resolve(false));
      socket.once("close", () => resolve(false));
      socket.setTimeout(probeTimeoutMs, () => resolve(false));
      socket.unref();
    });
  } finally {
    socket.destroy();
  }
}
