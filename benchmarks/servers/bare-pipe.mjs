// The least that anything between a client and its upstream can do: two streams of node:http, piped.
import { Agent, createServer, request } from "node:http";

const upstream = new URL(process.env.UPSTREAM_URL);
const agent = new Agent({ keepAlive: true });

const server = createServer((incoming, outgoing) => {
  const { method, url: path, headers } = incoming;
  const inner = request({ host: upstream.hostname, port: upstream.port, method, path, headers, agent });
  inner.once("response", (answer) => {
    outgoing.writeHead(answer.statusCode, answer.headers);
    answer.pipe(outgoing);
  });
  inner.once("error", () => outgoing.destroy());
  incoming.pipe(inner);
});

server.listen(Number(process.env.PORT), "127.0.0.1");
