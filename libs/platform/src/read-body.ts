import type { IncomingMessage } from "node:http";

/** So much may wait for its reader before the connection is asked to wait. */
const maxHeldBytes = 256 * 1024;

/**
 * A body's bytes as they come, as its own iterator gives them, at half the cost. Leaving the loop leaves the body as it
 * is: to be read out or destroyed. @throws what the body ends with when it is not whole
 */
export async function* readBody(body: IncomingMessage): AsyncGenerator<Uint8Array> {
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  let wake = () => {};
  const onData = (chunk: Uint8Array) => {
    held.push(chunk);
    heldBytes += chunk.length;
    if (heldBytes > maxHeldBytes) body.pause();
    wake();
  };
  const onEnd = () => wake();
  body.on("data", onData);
  body.on("end", onEnd);
  body.on("close", onEnd);
  try {
    for (;;) {
      const chunks = held;
      held = [];
      heldBytes = 0;
      for (const chunk of chunks) yield chunk;
      if (held.length > 0) continue;
      if (body.readableEnded) return;
      if (body.destroyed) throw body.errored ?? new Error("the body broke off");
      if (body.isPaused()) body.resume();
      await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    body.off("data", onData);
    body.off("end", onEnd);
    body.off("close", onEnd);
  }
}
