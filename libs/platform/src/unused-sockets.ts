import type { Server } from "node:http";
import type { Socket } from "node:net";

/**
 * Watches for sockets on which nothing was ever asked; browsers and fetch open some ahead. Node does not count
 * them as idle, so a closing server would wait for them until its headersTimeout.
 * @returns closes those that are there
 */
export function watchUnusedSockets(server: Server): () => void {
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  return () => {
    for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
  };
}
