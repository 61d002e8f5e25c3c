/** The samples that Prometheus has for an expression now: `[{metric, value}]`. @throws Error */
export async function query(prometheusUrl, expression) {
  const response = await fetch(`${prometheusUrl}/api/v1/query?${new URLSearchParams({ query: expression })}`);
  const { status, error, data } = await response.json();
  if (status !== "success") throw new Error(`${expression}: ${error}`);
  return data.result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
}

/** The services' instances that Prometheus scrapes now with success, by service: `["cache", "gateway", …]`. */
export async function scrapedServices(prometheusUrl) {
  const { data } = await (await fetch(`${prometheusUrl}/api/v1/targets?state=active`)).json();
  return data.activeTargets
    .filter(({ health }) => health === "up")
    .map(({ labels }) => labels.service)
    .toSorted();
}

/** The one value of an expression; NaN when there is none. */
export async function queryValue(prometheusUrl, expression) {
  const [sample] = await query(prometheusUrl, expression);
  return sample?.value ?? NaN;
}
