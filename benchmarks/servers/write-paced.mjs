import { setTimeout as sleep } from "node:timers/promises";
import { tokenIntervalMs } from "../requests/paced-answer.mjs";

/** Writes one piece every 10 ms, the first at once; one that comes late does not delay those after it. */
export async function writePaced(response, type, pieces) {
  const startedAt = performance.now();
  response.writeHead(200, { "content-type": type });
  for (const [index, piece] of pieces.entries()) {
    const wait = startedAt + index * tokenIntervalMs - performance.now();
    if (wait > 0) await sleep(wait);
    if (response.destroyed) return;
    response.write(piece);
  }
  response.end();
}
