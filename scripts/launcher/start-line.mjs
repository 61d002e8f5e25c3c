import { once } from "node:events";
import { connect, createServer } from "node:net";

/** A line of the network in front of a port, which can be cut. */
export async function startLine(targetPort) {
  const pairs = new Set();
  let isSilent = false;
  const server = createServer((near) => {
    const far = connect(targetPort, "127.0.0.1");
    const pair = [near, far];
    pairs.add(pair);
    for (const [socket, other] of [pair, pair.toReversed()]) {
      socket.on("error", () => {});
      socket.on("data", (data) => other.write(data));
      socket.once("close", () => {
        pairs.delete(pair);
        other.destroy();
      });
      if (isSilent) socket.pause();
    }
  });
  const listen = async (port) => {
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
  };
  await listen(0);
  const { port } = server.address();
  const each = (act) => {
    for (const pair of pairs) for (const socket of pair) act(socket);
  };
  const line = {
    port,
    /** Nothing comes through any more, and nobody is told: a cable that was pulled. */
    silence() {
      isSilent = true;
      each((socket) => socket.pause());
    },
    /** Both ends are told, and no new connection is taken: a router that has forgotten them. */
    async cut() {
      const closed = once(server, "close");
      server.close();
      each((socket) => socket.resetAndDestroy());
      await closed;
    },
    async restore() {
      isSilent = false;
      each((socket) => socket.resume());
      if (!server.listening) await listen(port);
    },
    async close() {
      isSilent = false;
      if (server.listening) await line.cut();
    },
  };
  return line;
}
