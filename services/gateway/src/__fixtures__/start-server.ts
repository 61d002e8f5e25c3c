import { once } from "node:events";
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface TestServer {
  url: string;
  requests: IncomingMessage[];
  close(): Promise<void>;
  /** Listens on the same port again. */
  reopen(): Promise<void>;
  /** What the server does with a request; may be changed on the way. */
  answer: (request: IncomingMessage, response: ServerResponse) => void;
}

/** A small real server that does what a test says; closed at the end that the test tells of. */
export async function startServer(
  answer: TestServer["answer"],
  onEnd: (close: () => Promise<void>) => void,
): Promise<TestServer> {
  const http = createServer((request, response) => {
    server.requests.push(request);
    request.resume();
    server.answer(request, response);
  });
  const listen = async (port: number) => {
    http.listen(port, "127.0.0.1");
    await once(http, "listening");
    return (http.address() as AddressInfo).port;
  };
  const port = await listen(0);
  const server: TestServer = {
    url: `http://127.0.0.1:${port}`,
    requests: [],
    answer,
    reopen: async () => void (await listen(port)),
    close: async () => {
      if (!http.listening) return;
      const closed = once(http, "close");
      http.close();
      http.closeAllConnections();
      await closed;
    },
  };
  onEnd(() => server.close());
  return server;
}
