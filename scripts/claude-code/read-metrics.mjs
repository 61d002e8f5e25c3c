/** The counters that tell a replayed answer from a generated one. */
export async function readMetrics({ url, adapterUrl }) {
  const [gateway, adapter] = await Promise.all([
    readText(`${url}/metrics`),
    readText(`${adapterUrl}/metrics`),
  ]);
  const results = readSeries(gateway, "llm_cache_requests_total");
  const hits = sum(results.filter(({ labels }) => labels.includes('result="hit"')));
  const generations = sum(readSeries(adapter, "llm_inference_requests_total"));
  return { hits, otherAnswers: sum(results) - hits, generations };
}

async function readText(url) {
  return (await fetch(url)).text();
}

function readSeries(text, name) {
  return text
    .split("\n")
    .filter((line) => line.startsWith(`${name}{`))
    .map((line) => ({ labels: line.slice(0, line.lastIndexOf(" ")), value: Number(line.split(" ").at(-1)) }));
}

function sum(series) {
  return series.reduce((total, { value }) => total + value, 0);
}
