import type { Socket } from "node:net";
import { ApiError, type ErrorType } from "#anthropic/errors.js";
import { mintRequestId } from "#anthropic/ids.js";

/** What is no HTTP, or HTTP beyond Node's limits, never becomes a request: it is refused on its connection. */
export function refuseConnection({ code }: NodeJS.ErrnoException, socket: Socket): void {
  if (code === "ECONNRESET" || !socket.writable) return void socket.destroy();
  const { status, type, message } = faults[code ?? ""] ?? {
    status: "400 Bad Request",
    type: "invalid_request_error",
    message: "This is no HTTP request",
  };
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

const faults: Record<string, { status: string; type: ErrorType; message: string }> = {
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
