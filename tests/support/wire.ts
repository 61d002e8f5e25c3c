import { type AddressInfo, type Socket, connect, createServer } from "node:net";

/** The way from one service to another, with what may happen to it. */
export interface Wire {
  url: string;
  /** What happens when one end dies. */
  cut(): void;
  /** Nothing comes through any more, and nothing is closed. */
  freeze(): void;
  close(): void;
}

export async function layWire(target: string): Promise<Wire> {
  const { port } = new URL(target);
  const sockets = new Set<Socket>();
  let isFrozen = false;
  const server = createServer((client) => {
    const upstream = connect(Number(port), "127.0.0.1");
    for (const socket of [client, upstream]) sockets.add(socket.on("error", () => {}));
    if (!isFrozen) client.pipe(upstream).pipe(client);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut,
    freeze: () => {
      isFrozen = true;
      for (const socket of sockets) socket.unpipe().pause();
    },
    close: () => {
      cut();
      server.close();
    },
  };
}
