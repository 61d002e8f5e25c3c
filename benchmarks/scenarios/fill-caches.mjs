import { setTimeout as sleep } from "node:timers/promises";
import { runLoad } from "../load/run-load.mjs";
import { PreparedRequest } from "../requests/prepared-request.mjs";

const attempts = 4;

/** Asks every target of ours each of its questions, until all of them are hits. */
export async function fillCaches(targets) {
  for (const size of ["1 KB", "100 KB"]) {
    const request = new PreparedRequest(size, false);
    for (const target of targets) await fillCache(target, request);
  }
}

async function fillCache(target, request) {
  for (let attempt = 0; attempt < attempts; attempt++) {
    if ((await askAll(target, request)) === 0) return;
    await sleep(100);
  }
  throw new Error(`${target.name}: answers are not in the cache after ${attempts} attempts`);
}

/** @returns how many of them were no hits */
async function askAll({ name, url, questions }, request) {
  let number = 0;
  let misses = 0;
  const { wrong } = await runLoad({
    url,
    connections: 8,
    count: questions,
    next: () => request.make(number++),
    isRight: ({ status, cache }) => {
      if (cache !== "hit") misses += 1;
      return status === 200;
    },
  });
  if (Object.keys(wrong).length > 0) throw new Error(`${name} cannot answer: ${JSON.stringify(wrong)}`);
  return misses;
}
