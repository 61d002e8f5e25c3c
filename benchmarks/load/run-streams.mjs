import { setTimeout as sleep } from "node:timers/promises";
import { Connection } from "./connection.mjs";
import { toEventTexts } from "./to-event-texts.mjs";

const anyEvent = Buffer.from("event: ");
const delta = Buffer.from("event: content_block_delta");

/**
 * Keeps `connections` streams under way, `streamsEach` one after the other on each connection, and notes when
 * events arrive. The first streams begin within `spreadMs`, evenly.
 *
 * @returns times in ms; `glued`: deltas that came in one piece with the one before; `wrong`: reason → count
 */
export async function runStreams({ url, connections, streamsEach, spreadMs, next, text }) {
  const target = new URL(url);
  const startedAt = performance.now();
  const streams = [];
  const wrong = new Map();
  const work = async (index) => {
    await sleep((index * spreadMs) / connections);
    const connection = new Connection(target);
    try {
      for (let count = 0; count < streamsEach; count++) {
        const stream = new ObservedStream();
        const answer = await connection.send(next(), (chunk) => stream.read(chunk));
        if (answer.status === 200) streams.push(stream);
        else note(wrong, String(answer.status));
      }
    } catch (error) {
      note(wrong, error.message);
    } finally {
      connection.close();
    }
  };
  await Promise.all(Array.from({ length: connections }, (_, index) => work(index)));
  const seconds = (performance.now() - startedAt) / 1000;
  // Only now: looking into the answers while they arrive would delay the others.
  for (const stream of streams)
    if (toEventTexts(stream.body).join("") !== text) note(wrong, "another text than the upstream's");
  return {
    latenciesMs: streams.map(({ firstEventMs }) => firstEventMs),
    gapsMs: streams.flatMap(({ gapsMs }) => gapsMs),
    events: streams.reduce((sum, { events }) => sum + events, 0),
    glued: streams.reduce((sum, { glued }) => sum + glued, 0),
    seconds,
    wrong: Object.fromEntries(wrong),
  };
}

class ObservedStream {
  #sentAt = performance.now();
  #lastDeltaAt;
  #chunks = [];
  firstEventMs;
  gapsMs = [];
  events = 0;
  glued = 0;

  /** An event's name stands in one piece unless a piece is cut, which on loopback small writes are not. */
  read(chunk) {
    const now = performance.now();
    this.#chunks.push(chunk);
    if (this.firstEventMs === undefined && chunk.includes(anyEvent)) this.firstEventMs = now - this.#sentAt;
    const deltas = countEvents(chunk, delta);
    if (deltas === 0) return;
    this.events += deltas;
    this.glued += deltas - 1;
    if (this.#lastDeltaAt !== undefined) this.gapsMs.push(now - this.#lastDeltaAt);
    for (let index = 1; index < deltas; index++) this.gapsMs.push(0);
    this.#lastDeltaAt = now;
  }

  get body() {
    return Buffer.concat(this.#chunks);
  }
}

function countEvents(chunk, name) {
  let found = 0;
  for (let at = chunk.indexOf(name); at !== -1; at = chunk.indexOf(name, at + name.length)) found += 1;
  return found;
}

function note(wrong, what) {
  wrong.set(what, (wrong.get(what) ?? 0) + 1);
}
