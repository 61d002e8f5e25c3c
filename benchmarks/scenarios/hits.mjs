/** Questions that the cache is asked in turn; their answers take more than 1 MB. */
export const cachedQuestions = 256;

const isHit = ({ status, cache }) => status === 200 && cache === "hit";

/** Answers from the cache. The bare handler is what the ratios are taken against. */
export function hitScenarios({ bare, three, one, redisTier, against }) {
  const targets = [bare, three, one, redisTier, against].filter((target) => target !== undefined);
  let asked = 0;
  const nextNumber = () => asked++ % cachedQuestions;
  return [false, true].flatMap((stream) =>
    ["1 KB", "100 KB"].flatMap((size) =>
      [1, 16, 64].map((connections) => ({
        group: "hits",
        stream,
        size,
        connections,
        targets,
        baseline: bare,
        isRight: isHit,
        nextNumber,
      })),
    ),
  );
}
