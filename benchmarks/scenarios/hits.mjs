import { toQuestionRequest } from "../requests/prepared-request.mjs";

/** LiteLLM says nothing of its cache in a way that fits; that the upstream was not asked is counted for all. */
const isHit = ({ status, cache }, { isOurs }) => status === 200 && (cache === "hit" || !isOurs);

/** Answers from the cache. The bare handler is what the ratios are taken against. */
export function hitScenarios({ bare, three, one, redisTier, against, litellm }, { hitConnections }) {
  const targets = [bare, three, one, redisTier, against, litellm].filter((target) => target !== undefined);
  let asked = 0;
  return [false, true].flatMap((stream) =>
    ["1 KB", "100 KB"].flatMap((size) =>
      hitConnections.map((connections) => ({
        group: "hits",
        stream,
        size,
        connections,
        targets,
        baseline: bare,
        isRight: isHit,
        toRequest: toQuestionRequest({ size, stream }),
        generationsPerRequest: 0,
        nextNumber: ({ questions }) => asked++ % questions,
      })),
    ),
  );
}
