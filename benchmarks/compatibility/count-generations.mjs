// A pipe in front of an Ollama that counts how often a model is run through it.
import { once } from "node:events";
import { Agent, createServer, request } from "node:http";

/** @returns where it listens, how many generations went through, and its end */
export async function startGenerationCounter(ollamaUrl) {
  const agent = new Agent({ keepAlive: true });
  let generations = 0;
  const server = createServer((incoming, outgoing) => {
    const chunks = [];
    incoming.on("data", (chunk) => chunks.push(chunk));
    incoming.on("end", () => {
      const body = Buffer.concat(chunks);
      if (isGeneration(incoming.url, body)) generations += 1;
      const { host: _host, ...headers } = incoming.headers;
      const sent = request(
        new URL(incoming.url, ollamaUrl),
        { method: incoming.method, headers, agent },
        (answer) => {
          outgoing.writeHead(answer.statusCode, answer.headers);
          answer.pipe(outgoing);
        },
      );
      sent.on("error", () => outgoing.destroy());
      outgoing.on("close", () => sent.destroy());
      sent.end(body);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    count: () => generations,
    close: () => {
      agent.destroy();
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Neither rendering nor loading runs the model. */
function isGeneration(path, body) {
  if (!/^\/(api\/(chat|generate)|v1\/(messages|chat\/completions))(\?|$)/.test(path)) return false;
  if (/count_tokens/.test(path)) return false;
  try {
    const { messages, prompt, _debug_render_only: isRendering } = JSON.parse(body.toString());
    return isRendering !== true && ((messages?.length ?? 0) > 0 || (prompt ?? "") !== "");
  } catch {
    return false;
  }
}
