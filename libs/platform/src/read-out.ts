import type { IncomingMessage } from "node:http";

/** The end of a body that is whole already comes at once, or not at all. */
const endWithinMs = 1000;

/** Reads the rest of an answer that nobody needs, so that its connection is kept for the next one. It cannot fail. */
export function readOut(body: IncomingMessage): void {
  const timer = setTimeout(() => body.destroy(), endWithinMs).unref();
  body.once("close", () => clearTimeout(timer));
  body.on("error", () => undefined);
  body.resume();
}
