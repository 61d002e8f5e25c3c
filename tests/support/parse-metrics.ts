/** The samples of a page of metrics; throws where a line is none. */
export function parseMetrics(page: string): Map<string, number> {
  const samples = new Map<string, number>();
  const types = new Map<string, string>();
  for (const line of page.split("\n").filter((text) => text !== "")) {
    const [, name, type] = /^# TYPE (\w+) (counter|gauge|histogram|summary)$/.exec(line) ?? [];
    if (name && type) types.set(name, type);
    else if (!line.startsWith("# HELP ")) {
      const [, sample, base = "", value] =
        /^(([a-zA-Z_:][\w:]*)(?:\{(?:\w+="(?:[^"\\]|\\.)*",?)*\})?) ([+-]?(?:Inf|Na[Nn]|[\d.e+-]+))$/.exec(
          line,
        ) ?? [];
      if (sample === undefined) throw new Error(`no sample: ${line}`);
      if (!types.has(base.replace(/_(bucket|sum|count)$/, "")) && !types.has(base))
        throw new Error(`no type for: ${line}`);
      samples.set(sample, Number(value));
    }
  }
  return samples;
}
