export interface MetricsPage {
  service: string;
  /** Prometheus text. */
  text: string;
}

interface Family {
  head: string[];
  samples: string[];
}

/**
 * Several services' metrics as one page: every family stands once, as the text format wants it, and a `service`
 * label tells the samples apart.
 */
export function toOnePage(pages: readonly MetricsPage[]): string {
  const families = new Map<string, Family>();
  for (const { service, text } of pages) addPage(families, service, text);
  const lines = [...families.values()].flatMap(({ head, samples }) => [...head, ...samples]);
  return lines.map((line) => `${line}\n`).join("");
}

function addPage(families: Map<string, Family>, service: string, text: string): void {
  let current = "";
  for (const line of text.split("\n")) {
    const [, kind, described] = /^# (HELP|TYPE) (\S+)/.exec(line) ?? [];
    const [, sampled, rest] = /^([a-zA-Z_:][\w:]*)(.*)$/.exec(line) ?? [];
    if (kind !== undefined && described !== undefined) {
      current = described;
      addHead(familyOf(families, described), kind, line);
    } else if (sampled !== undefined && rest !== undefined) {
      const name = sampled.startsWith(current) && current !== "" ? current : sampled;
      familyOf(families, name).samples.push(sampled + withLabel(rest, service));
    }
  }
}

function familyOf(families: Map<string, Family>, name: string): Family {
  const known = families.get(name) ?? { head: [], samples: [] };
  families.set(name, known);
  return known;
}

/** The first service's words count for all. */
function addHead({ head }: Family, kind: string, line: string): void {
  if (!head.some((known) => known.startsWith(`# ${kind} `))) head.push(line);
}

/** `rest` is what follows a sample's name: its labels, if it has any, and its value. */
function withLabel(rest: string, service: string): string {
  const label = `service="${service}"`;
  if (!rest.startsWith("{")) return `{${label}}${rest}`;
  return rest.startsWith("{}") ? `{${label}${rest.slice(1)}` : `{${label},${rest.slice(1)}`;
}
