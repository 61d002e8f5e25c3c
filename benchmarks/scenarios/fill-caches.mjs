import { setTimeout as sleep } from "node:timers/promises";
import { runLoad } from "../load/run-load.mjs";
import { PreparedRequest } from "../requests/prepared-request.mjs";
import { cachedQuestions } from "./hits.mjs";

/** Asks every target of ours each question, until all of them are hits: stored, and code compiled. */
export async function fillCaches(targets) {
  for (const size of ["1 KB", "100 KB"]) {
    const request = new PreparedRequest(size, false);
    for (const { name, url } of targets) {
      let misses = cachedQuestions;
      for (let attempt = 0; misses > 0; attempt++) {
        if (attempt === 4)
          throw new Error(`${name}: ${misses} answers are not in the cache after 4 attempts`);
        misses = await askAll(url, request, name);
        await sleep(100);
      }
    }
  }
}

async function askAll(url, request, name) {
  let number = 0;
  let misses = 0;
  const { wrong } = await runLoad({
    url,
    connections: 8,
    count: cachedQuestions,
    next: () => request.make(number++),
    isRight: ({ status, cache }) => {
      if (cache !== "hit") misses += 1;
      return status === 200;
    },
  });
  if (Object.keys(wrong).length > 0) throw new Error(`${name} cannot answer: ${JSON.stringify(wrong)}`);
  return misses;
}
