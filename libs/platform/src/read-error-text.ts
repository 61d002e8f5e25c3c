import type { IncomingMessage } from "node:http";

const longestErrorBytes = 64 * 1024;

/** The body of an error answer: its beginning where it is long; then the rest is dropped, and the connection closed. */
export async function readErrorText(body: AsyncIterable<Uint8Array> | IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  // Leaving the loop early destroys the body.
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > longestErrorBytes) break;
  }
  return Buffer.concat(chunks).subarray(0, longestErrorBytes).toString("utf8");
}
