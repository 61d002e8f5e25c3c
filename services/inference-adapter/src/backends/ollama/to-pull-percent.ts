import type { OllamaPullChunk } from "./ollama-wire.js";

/** The progress lines of `/api/pull` → whole percents of all layers known so far, never going back. */
export async function* toPullPercent(chunks: AsyncIterable<OllamaPullChunk>): AsyncGenerator<number> {
  let percent = 0;
  const layers = new Map<string, { total: number; completed: number }>();
  for await (const { digest, total, completed = 0 } of chunks) {
    if (digest === undefined || !total) continue;
    layers.set(digest, { total, completed });
    let sum = 0;
    let done = 0;
    for (const layer of layers.values()) {
      sum += layer.total;
      done += layer.completed;
    }
    percent = Math.max(percent, Math.floor((100 * done) / sum));
    yield percent;
  }
}
