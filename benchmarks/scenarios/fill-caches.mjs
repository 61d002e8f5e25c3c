import { setTimeout as sleep } from "node:timers/promises";
import { runLoad } from "../load/run-load.mjs";
import { toQuestionRequest } from "../requests/prepared-request.mjs";

const attempts = 4;

/** Asks every target that has a cache each of its questions, until none of them reaches the upstream. */
export async function fillCaches(targets, upstream) {
  for (const size of ["1 KB", "100 KB"])
    for (const stream of [false, true])
      for (const target of targets) await fillCache(target, toQuestionRequest({ size, stream }), upstream);
}

async function fillCache(target, toRequest, upstream) {
  for (let attempt = 0; attempt < attempts; attempt++) {
    if ((await askAll(target, toRequest, upstream)) === 0) return;
    await sleep(100);
  }
  throw new Error(`${target.name}: answers are not in the cache after ${attempts} attempts`);
}

/** @returns how many of them were no hits */
async function askAll(target, toRequest, upstream) {
  const { name, url, questions } = target;
  const before = await upstream.countGenerations();
  let number = 0;
  const { wrong } = await runLoad({
    url,
    connections: 8,
    count: questions,
    next: () => toRequest(target, number++),
    isRight: ({ status }) => status === 200,
  });
  if (Object.keys(wrong).length > 0) throw new Error(`${name} cannot answer: ${JSON.stringify(wrong)}`);
  return (await upstream.countGenerations()) - before;
}
