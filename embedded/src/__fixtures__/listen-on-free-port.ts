import { once } from "node:events";
import { type AddressInfo, createServer, type Server } from "node:net";

/** A server that answers nothing, for a port that is taken. */
export async function listenOnFreePort(): Promise<{ port: number; server: Server }> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  return { port: (server.address() as AddressInfo).port, server };
}
