import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { ApiError, type ErrorType } from "#anthropic/errors.js";
import { mintRequestId } from "#anthropic/ids.js";
import type { Connections } from "./connections.js";

/** A request for a tunnel never comes to a route: Node hands over its connection, or closes it without a word. */
export function refuseTunnel(socket: Duplex, connections: Connections): void {
  socket.on("error", () => socket.destroy());
  // What is not read resets the connection, and the answer with it.
  socket.resume();
  refuse(socket, connections, badRequest("This is no proxy: CONNECT is not served"));
}

/** What is no HTTP, or HTTP beyond Node's limits, never becomes a request: it is refused on its connection. */
export function refuseConnection(
  { code, reason }: ParseError,
  socket: Socket,
  connections: Connections,
): void {
  if (code === "ECONNRESET" || !socket.writable) return void socket.destroy();
  refuse(socket, connections, faults[code ?? ""] ?? notHttp(reason));
}

/** Node's parser says what is wrong in words of its own, which quote nothing of the request. */
interface ParseError extends NodeJS.ErrnoException {
  reason?: string;
}

function refuse(socket: Duplex, connections: Connections, { status, type, message }: Fault): void {
  // A refusal in the middle of an earlier answer would be taken for a part of it. Before one it is told: most often it
  // is the same request's, whose length was said wrong.
  if (connections.hasBegunAnswer(socket)) return void socket.destroy();
  const id = mintRequestId();
  const body = JSON.stringify(new ApiError(type, message).toBody(id));
  const headers = [
    `HTTP/1.1 ${status}`,
    "content-type: application/json; charset=utf-8",
    `content-length: ${Buffer.byteLength(body)}`,
    `request-id: ${id}`,
    "x-should-retry: false",
    "connection: close",
  ];
  socket.end(`${headers.join("\r\n")}\r\n\r\n${body}`, () => socket.destroy());
}

interface Fault {
  status: string;
  type: ErrorType;
  message: string;
}

const badRequest = (message: string): Fault => ({
  status: "400 Bad Request",
  type: "invalid_request_error",
  message,
});

const notHttp = (reason: string | undefined): Fault =>
  badRequest(`This is no valid HTTP request${reason ? `: ${reason}` : ""}`);

const faults: Record<string, Fault> = {
  HPE_INVALID_EOF_STATE: badRequest("The request ended before it was whole"),
  HPE_PAUSED_H2_UPGRADE: badRequest("HTTP/2 is not served here: ask with HTTP/1.1"),
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: "408 Request Timeout",
    type: "timeout_error",
    message: "The request did not come whole in time",
  },
  HPE_HEADER_OVERFLOW: {
    status: "431 Request Header Fields Too Large",
    type: "invalid_request_error",
    message: "The request's headers are too large",
  },
};
