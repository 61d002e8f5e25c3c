import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { OllamaChatChunk, OllamaChatRequest } from "../ollama-wire.js";

/** One answer in the making: what the test does with a request that has come. */
export interface Chat {
  request: OllamaChatRequest;
  response: ServerResponse;
  /** Resolves when the other side has closed the connection before the answer was whole. */
  closed: Promise<void>;
  say: (...chunks: OllamaChatChunk[]) => void;
  end: (...chunks: OllamaChatChunk[]) => void;
  /** Breaks the connection off: with the end of its bytes, or with a reset. */
  cut: (how: "eof" | "reset") => void;
}

/** A server that answers as the test says; with no script it never answers. */
export class ScriptedOllama {
  onChat: (chat: Chat) => void = () => {};
  onOther: (request: IncomingMessage, response: ServerResponse, body: string) => void = (_request, response) => {
    response.writeHead(200).end('{"version":"0.0.0"}');
  };
  readonly chats: Chat[] = [];
  probes = 0;
  connections = 0;
  private readonly sockets = new Set<Socket>();
  private readonly server = createServer((request, response) => void this.serve(request, response));

  async start(): Promise<this> {
    this.server.on("connection", (socket) => {
      this.connections += 1;
      this.sockets.add(socket);
      socket.once("close", () => this.sockets.delete(socket));
    });
    this.server.listen(0, "127.0.0.1");
    await once(this.server, "listening");
    return this;
  }

  get baseUrl(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    if (!this.server.listening) return;
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
    await once(this.server, "close");
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const body = Buffer.concat(pieces).toString();
    if (request.url === "/api/version") this.probes += 1;
    if (request.url !== "/api/chat") return this.onOther(request, response, body);
    const chat = toChat(JSON.parse(body) as OllamaChatRequest, response);
    this.chats.push(chat);
    this.onChat(chat);
  }
}

function toChat(request: OllamaChatRequest, response: ServerResponse): Chat {
  const closed = new Promise<void>((resolve) =>
    response.once("close", () => {
      if (!response.writableFinished) resolve();
    }),
  );
  const say = (...chunks: OllamaChatChunk[]) => {
    for (const chunk of chunks) response.write(`${JSON.stringify(chunk)}\n`);
  };
  return {
    request,
    response,
    closed,
    say,
    end: (...chunks) => {
      say(...chunks);
      response.end();
    },
    cut: (how) => {
      if (how === "reset") response.socket?.resetAndDestroy();
      else response.socket?.end();
    },
  };
}
