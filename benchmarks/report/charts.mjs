import { toBarChart } from "./to-bar-chart.mjs";

/** The charts of a report: name, title and SVG of each. */
export function toCharts({ results }) {
  return [
    chart("hits", "Hits: p50 at 1 connection", results, {
      group: "hits",
      isWanted: ({ connections }) => connections === 1,
      value: ({ p50Ms }) => p50Ms,
    }),
    chart("misses", "Misses: what is added at p50, 1 connection", results, {
      group: "misses",
      isWanted: ({ connections }) => connections === 1,
      value: ({ p50Ms }, baseline) => p50Ms - baseline.p50Ms,
    }),
    chart("streams", "64 streams: what is added to the first event at p99", results, {
      group: "streams",
      isWanted: () => true,
      value: ({ p99Ms }, baseline) => p99Ms - baseline.p99Ms,
    }),
    chart("gaps", "64 streams of 10 ms tokens: gap between events at p99", results, {
      group: "streams",
      isWanted: () => true,
      value: ({ gapP99Ms }) => gapP99Ms,
    }),
  ].filter((made) => made !== undefined);
}

function chart(name, title, results, { group, isWanted, value }) {
  const groups = results
    .filter((result) => result.group === group && isWanted(result))
    .map((result) => ({ label: describe(result), bars: toBars(result, value) }));
  return groups.length === 0 ? undefined : { name, title, svg: toBarChart({ title, unit: "ms", groups }) };
}

/** Without what is nothing or less: a difference of the baseline to itself, or of noise to noise. */
function toBars({ targets, baseline }, value) {
  const ground = targets.find(({ name }) => name === baseline);
  return targets
    .map((target) => ({ label: target.name, value: value(target, ground) }))
    .filter((bar) => bar.value > 0);
}

function describe({ stream, size, spreadMs }) {
  if (spreadMs !== undefined) return `${size}, begun ${spreadMs > 0 ? "in turn" : "at once"}`;
  return `${stream ? "stream" : "unary"}, ${size}`;
}
