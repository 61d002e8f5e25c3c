/** What a hit may cost against the bare handler. */
export const goals = { p50Ratio: 2.5, perCoreRatio: 0.35 };

/** The ratios that the goals are about, for each target of ours. */
export function judge(results) {
  const hits = results.filter(({ group }) => group === "hits");
  return hits
    .filter(({ connections }) => connections === 1)
    .flatMap((one) => {
      const many = hits.find(
        ({ stream, size, connections }) => stream === one.stream && size === one.size && connections === 64,
      );
      return one.targets
        .filter(({ name }) => name !== one.baseline)
        .map(({ name, p50Ratio }) => ({
          target: name,
          shape: one.stream ? "stream" : "unary",
          size: one.size,
          p50Ratio,
          perCoreRatio: many?.targets.find((target) => target.name === name)?.perCoreRatio ?? Number.NaN,
        }));
    });
}
