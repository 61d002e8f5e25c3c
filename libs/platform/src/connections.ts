import type { Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";

interface Connection {
  /** Not finished yet; of requests sent one behind the other there are several. */
  answers: Set<ServerResponse>;
  /** Bytes that had come when its last answer was finished, or at the last look since. */
  bytesRead: number;
  /** When a look found that more had come. */
  heardAt: number;
}

/** A request that has stopped half-way is waited for this long when the server closes. */
const stalledMs = 2000;
/** Requests that one connection sends without waiting for their answers; clients hardly send a second one. */
const mostUnanswered = 100;

/**
 * The connections of a server. Node takes one for idle as soon as its answer was handed over, and would cut off who
 * is still reading it; one that began a request, or never asked for anything, it does not take for idle at all.
 */
export class Connections {
  private readonly connections = new Map<Socket, Connection>();

  watch(server: Server): void {
    server.on("connection", (socket) => this.add(socket));
    server.on("request", ({ socket }, response) => this.noteAnswer(socket, response));
    // Node's `close` calls it, too.
    server.closeIdleConnections = () => this.closeIdle();
  }

  /** Whether an answer is on its way there, or a whole request waits for its own. */
  isAnswering(socket: Duplex): boolean {
    return this.answersOf(socket).some(({ req, headersSent }) => req.complete || headersSent);
  }

  /** Whether an answer has begun there. */
  hasBegunAnswer(socket: Duplex): boolean {
    return this.answersOf(socket).some(({ headersSent }) => headersSent);
  }

  /** Whether it sends on and on: Node hands over a thousand requests of one packet, and all are answered at once. */
  isRushing(socket: Socket): boolean {
    return (this.connections.get(socket)?.answers.size ?? 0) >= mostUnanswered;
  }

  closeAll(): void {
    for (const socket of this.connections.keys()) socket.destroy();
  }

  private answersOf(socket: Duplex): ServerResponse[] {
    return [...(this.connections.get(socket as Socket)?.answers ?? [])];
  }

  private add(socket: Socket): void {
    this.connections.set(socket, { answers: new Set(), bytesRead: 0, heardAt: -Infinity });
    socket.once("close", () => this.connections.delete(socket));
  }

  private noteAnswer(socket: Socket, response: ServerResponse): void {
    const connection = this.connections.get(socket);
    if (connection === undefined) return;
    connection.answers.add(response);
    response.once("close", () => {
      connection.answers.delete(response);
      connection.bytesRead = socket.bytesRead;
      // What came belongs to the next request, where that has begun.
      connection.heardAt = connection.answers.size > 0 ? performance.now() : -Infinity;
    });
  }

  private closeIdle(): void {
    const now = performance.now();
    for (const [socket, connection] of this.connections) {
      if (this.isAnswering(socket)) continue;
      if (socket.bytesRead === connection.bytesRead) {
        if (now - connection.heardAt > stalledMs) socket.destroy();
        continue;
      }
      connection.bytesRead = socket.bytesRead;
      connection.heardAt = now;
    }
  }
}
