import { pacedText } from "../requests/paced-answer.mjs";
import { toQuestionRequest } from "../requests/prepared-request.mjs";

/** Above the numbers of the questions that the misses ask. */
const firstNumber = 100_000_000;

/** 64 streams at once, each with a token every 10 ms, to new questions. */
export function streamScenarios({ upstream, pipe, nginx, three, one, litellm }) {
  const targets = [upstream, pipe, nginx, three, one, litellm].filter((target) => target !== undefined);
  let asked = firstNumber;
  return [
    { size: "1 KB", spreadMs: 1000 },
    { size: "1 KB", spreadMs: 0 },
    { size: "100 KB", spreadMs: 1000 },
  ].map(({ size, spreadMs }) => ({
    group: "streams",
    stream: true,
    size,
    spreadMs,
    connections: 64,
    targets,
    baseline: upstream,
    pipe,
    text: pacedText,
    toRequest: toQuestionRequest({ size, stream: true, isSlow: true }),
    generationsPerRequest: 1,
    nextNumber: () => asked++,
  }));
}
