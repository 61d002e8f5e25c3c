import type { PathHash } from "#service-contracts/cache-store.js";

/**
 * Path hashes as lines of JSON, so that two questions are compared line by line without parsing. Only the
 * beginning of a very long one is kept: it is the beginning that is compared.
 */
export function toPathLines(paths: readonly PathHash[], maxBytes: number): string {
  const lines: string[] = [];
  let bytes = 0;
  for (const path of paths) {
    const line = JSON.stringify(path);
    bytes += Buffer.byteLength(line) + 1;
    if (bytes > maxBytes) break;
    lines.push(line);
  }
  return lines.join("\n");
}

/** The lines of what `toPathLines` made; of no paths there is none. */
export function splitPathLines(text: string): string[] {
  return text === "" ? [] : text.split("\n");
}
