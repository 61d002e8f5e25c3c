import { cachedQuestions } from "./hits.mjs";

const isAnswered = ({ status, cache }) => status === 200 && (cache === undefined || cache === "miss");

/** Questions that nobody has asked before. The upstream asked directly is what the ratios are taken against. */
export function missScenarios({ upstream, pipe, three, one }) {
  const targets = [upstream, pipe, three, one].filter((target) => target !== undefined);
  let asked = cachedQuestions;
  const nextNumber = () => ++asked;
  return [false, true].flatMap((stream) =>
    ["1 KB", "100 KB"].flatMap((size) =>
      [1, 16].map((connections) => ({
        group: "misses",
        stream,
        size,
        connections,
        targets,
        baseline: upstream,
        isRight: isAnswered,
        nextNumber,
      })),
    ),
  );
}
