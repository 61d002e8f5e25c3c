import { Connection } from "./connection.mjs";

/**
 * Keeps `connections` requests under way at once, each connection sending its next one when it has its answer,
 * for `durationMs` or `count` requests, whatever comes first.
 */
export async function runLoad({ url, connections, durationMs = Infinity, count = Infinity, next, isRight }) {
  const latenciesMs = [];
  const wrong = new Map();
  const target = new URL(url);
  const startedAt = performance.now();
  let sent = 0;
  const work = async () => {
    const connection = new Connection(target);
    try {
      while (sent < count && performance.now() - startedAt < durationMs) {
        sent += 1;
        const request = next();
        const sentAt = performance.now();
        const answer = await connection.send(request);
        latenciesMs.push(performance.now() - sentAt);
        if (!isRight(answer)) note(wrong, `${answer.status} ${answer.cache ?? ""}`.trim());
      }
    } catch (error) {
      note(wrong, error.message);
    } finally {
      connection.close();
    }
  };
  await Promise.all(Array.from({ length: connections }, work));
  return { latenciesMs, seconds: (performance.now() - startedAt) / 1000, wrong: Object.fromEntries(wrong) };
}

function note(wrong, what) {
  wrong.set(what, (wrong.get(what) ?? 0) + 1);
}
