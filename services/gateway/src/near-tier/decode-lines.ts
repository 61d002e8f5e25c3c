import { LineCutter } from "#platform/line-cutter.js";

/** The cache service names at most a thousand keys at once. */
const longestLine = 4 * 1024 * 1024;

/**
 * Bytes → lines of JSON, those that came together at once. A line that is none or has no end is an error; the last one
 * without its end was cut off and is dropped.
 */
export async function* decodeLines(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<unknown[]> {
  const decoder = new TextDecoder();
  const cutter = new LineCutter(longestLine);
  for await (const chunk of bytes) {
    const lines = cutter.add(decoder.decode(chunk, { stream: true }));
    if (lines.length > 0) yield lines.map((line): unknown => JSON.parse(line));
  }
}
