const isHit = ({ status, cache }) => status === 200 && cache === "hit";

/** Answers from the cache. The bare handler is what the ratios are taken against. */
export function hitScenarios({ bare, three, one, redisTier, against }, { hitConnections }) {
  const targets = [bare, three, one, redisTier, against].filter((target) => target !== undefined);
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
        nextNumber: ({ questions }) => asked++ % questions,
      })),
    ),
  );
}
