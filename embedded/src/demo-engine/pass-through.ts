import { request as sendRequest, type RequestListener, type ServerResponse } from "node:http";
import { request as sendSecureRequest } from "node:https";
import { pipeline } from "node:stream";

/** Hands every request on as it is. When one side breaks off, so does the other. */
export function passThrough(ollamaUrl: string): RequestListener {
  const { protocol, host } = new URL(ollamaUrl);
  const send = protocol === "https:" ? sendSecureRequest : sendRequest;
  return (request, reply) => {
    const { method, url, headers } = request;
    const upstream = send(`${ollamaUrl}${url}`, { method, headers: { ...headers, host } });
    upstream.on("response", (answer) => {
      reply.writeHead(answer.statusCode ?? 502, answer.headers);
      pipeline(answer, reply, () => undefined);
    });
    upstream.on("error", (error: NodeJS.ErrnoException) => {
      refuse(reply, `Ollama at ${ollamaUrl} cannot be reached: ${error.code ?? error.message}`);
    });
    reply.on("close", () => upstream.destroy());
    request.pipe(upstream);
  };
}

function refuse(reply: ServerResponse, message: string): void {
  if (reply.headersSent) return void reply.destroy();
  reply.writeHead(502, { "content-type": "application/json" }).end(JSON.stringify({ error: message }));
}
