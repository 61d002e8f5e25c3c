import { setTimeout as sleep } from "node:timers/promises";
import { type CacheUnderTest, keyOf } from "../cache-under-test.contract.js";

export const keys = 400;
const workers = 4;

/** What came of the load. Times in ms, misses and hits of lookups. */
export interface Tally {
  hits: number;
  fromRedis: number;
  misses: number;
  stores: number;
  waits: number[];
  wrong: string[];
}

/** Each key has one value for ever, so that a lookup can only be right, a miss, or wrong. */
export async function load(cache: CacheUnderTest, random: () => number, until: number): Promise<Tally> {
  const tally: Tally = { hits: 0, fromRedis: 0, misses: 0, stores: 0, waits: [], wrong: [] };
  const work = async () => {
    while (performance.now() < until) {
      const number = Math.floor(random() * keys);
      if (random() < 0.3) await store(cache, number, tally);
      else await lookUp(cache, number, tally);
      await sleep(5);
    }
  };
  await Promise.all(Array.from({ length: workers }, work));
  return tally;
}

async function store(cache: CacheUnderTest, number: number, tally: Tally): Promise<void> {
  const { status, durationMs } = await cache.put(keyOf(number), valueOf(number), 300);
  tally.stores += 1;
  tally.waits.push(durationMs);
  if (status !== 204) tally.wrong.push(`PUT ${number}: ${status}`);
}

async function lookUp(cache: CacheUnderTest, number: number, tally: Tally): Promise<void> {
  const { status, durationMs, text, tier } = await cache.get(keyOf(number));
  tally.waits.push(durationMs);
  if (status === 200 && text === valueOf(number)) tally.hits += 1;
  else if (status === 404) tally.misses += 1;
  else tally.wrong.push(`GET ${number}: ${status} ${text.slice(0, 100)}`);
  if (tier === "redis") tally.fromRedis += 1;
}

/** From some bytes to 20 KB, hard to compress. */
export function valueOf(number: number): string {
  const random = createRandom(number);
  return `"${Array.from({ length: 1 + (number % 200) * 10 }, () => random().toString(36).slice(2)).join("")}"`;
}

/** Mulberry32. */
export function createRandom(start: number): () => number {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
