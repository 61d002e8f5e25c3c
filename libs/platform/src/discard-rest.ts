import type { IncomingMessage } from "node:http";

/** Whoever sends more than this after the refusal does not want to hear it. */
const maxDiscardedBytes = 256 * 1024 * 1024;

/** Takes what a client is still sending, so that it comes to read the answer instead of a broken connection. */
export function discardRest(request: IncomingMessage): void {
  let discardedBytes = 0;
  request.on("data", (chunk: Buffer) => {
    discardedBytes += chunk.length;
    if (discardedBytes > maxDiscardedBytes) request.destroy();
  });
  request.on("error", () => {});
}
