import { once } from "node:events";
import { type AddressInfo, createServer, type Server } from "node:net";

/** A server that answers nothing, for a port that is taken. */
export async function listenOnFreePort(): Promise<{ port: number; server: Server }> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  return { port: (server.address() as AddressInfo).port, server };
}

/** A port where nothing listens. */
export async function findFreePort(): Promise<number> {
  const { port, server } = await listenOnFreePort();
  server.close();
  await once(server, "close");
  return port;
}
