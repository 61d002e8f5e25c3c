import { toQuestionRequest } from "../requests/prepared-request.mjs";

const isAnswered = ({ status, cache }) => status === 200 && (cache === undefined || cache === "miss");

/** Above the numbers of the questions that are in the caches. */
const firstNumber = 1_000_000;

/** Questions that nobody has asked before. The upstream asked directly is what the ratios are taken against. */
export function missScenarios({ upstream, pipe, nginx, three, against, one, litellm }, { missConnections }) {
  const targets = [upstream, pipe, nginx, three, against, one, litellm].filter(
    (target) => target !== undefined,
  );
  let asked = firstNumber;
  return [false, true].flatMap((stream) =>
    ["1 KB", "100 KB"].flatMap((size) =>
      missConnections.map((connections) => ({
        group: "misses",
        stream,
        size,
        connections,
        targets,
        baseline: upstream,
        isRight: isAnswered,
        toRequest: toQuestionRequest({ size, stream }),
        generationsPerRequest: 1,
        nextNumber: () => asked++,
      })),
    ),
  );
}
