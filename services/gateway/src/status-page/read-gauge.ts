/** A value without labels from a page of Prometheus metrics; null where it is not on the page. */
export function readGauge(page: string, name: string): number | null {
  const line = page.split("\n").find((text) => text.startsWith(`${name} `));
  return line === undefined ? null : Number(line.slice(name.length + 1));
}
