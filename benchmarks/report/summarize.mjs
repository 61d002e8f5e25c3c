/** The slices of one target in one scenario → its figures, and its ratios against the baseline's slices. */
export function summarize(slices, baselineSlices) {
  const sorted = slices.flatMap(({ latenciesMs }) => latenciesMs).sort((a, b) => a - b);
  const requests = sorted.length;
  const sum = (read) => slices.reduce((total, slice) => total + read(slice), 0);
  return {
    requests,
    wrong: mergeCounts(slices.map(({ wrong }) => wrong)),
    p50Ms: quantile(sorted, 0.5),
    p99Ms: quantile(sorted, 0.99),
    requestsPerSecond: requests / sum(({ seconds }) => seconds),
    cpuMsPerRequest: (1000 * sum(({ cpuSeconds }) => cpuSeconds)) / requests,
    redisCpuMsPerRequest: (1000 * sum(({ redisCpuSeconds }) => redisCpuSeconds)) / requests,
    requestsPerSecondPerCore: requests / sum(({ cpuSeconds }) => cpuSeconds),
    p50Ratio: middleRatio(slices, baselineSlices, (slice) => p50(slice)),
    perCoreRatio: middleRatio(slices, baselineSlices, (slice) => slice.latenciesMs.length / slice.cpuSeconds),
    memory: largest(slices.map(({ memory }) => memory)),
    ...(slices[0].gapsMs && summarizeEvents(slices)),
  };
}

/** What only streams have; for them the latencies above are those of the first event. */
function summarizeEvents(slices) {
  const gaps = slices.flatMap(({ gapsMs }) => gapsMs).sort((a, b) => a - b);
  const sum = (read) => slices.reduce((total, slice) => total + read(slice), 0);
  const events = sum((slice) => slice.events);
  return {
    events,
    eventsPerSecond: events / sum(({ seconds }) => seconds),
    cpuMicrosecondsPerEvent: (1e6 * sum(({ cpuSeconds }) => cpuSeconds)) / events,
    gluedShare: sum(({ glued }) => glued) / events,
    gapP50Ms: quantile(gaps, 0.5),
    gapP99Ms: quantile(gaps, 0.99),
  };
}

/** Where all of it was read at once, so that the two figures belong together. */
function largest(memories) {
  return memories.reduce((most, memory) => (memory?.rssMb > (most?.rssMb ?? 0) ? memory : most), undefined);
}

/** The median of the rounds' ratios: one disturbed round does not move it. */
function middleRatio(slices, baselineSlices, read) {
  const ratios = slices
    .map((slice, round) => read(slice) / read(baselineSlices[round]))
    .sort((a, b) => a - b);
  const middle = Math.floor(ratios.length / 2);
  return ratios.length % 2 === 1 ? ratios[middle] : (ratios[middle - 1] + ratios[middle]) / 2;
}

function p50({ latenciesMs }) {
  return quantile(
    latenciesMs.toSorted((a, b) => a - b),
    0.5,
  );
}

function quantile(sorted, share) {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

function mergeCounts(counts) {
  const merged = {};
  for (const [what, count] of counts.flatMap(Object.entries)) merged[what] = (merged[what] ?? 0) + count;
  return merged;
}
