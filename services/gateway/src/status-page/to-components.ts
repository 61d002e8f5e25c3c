export interface Component {
  name: string;
  isUp: boolean;
  /** What it says of itself, where that is more than up or down. */
  state: string | null;
  latency_ms: number | null;
  message: string | null;
}

/** What a health indicator says, with what it uses inside of it. */
export type Report = Record<string, unknown> & { status: string };

export interface ModelState {
  name: string;
  state: string;
  context_length: number | null;
}

const names: Record<string, string> = { inference: "inference adapter" };

/** A health report, in which what a service uses stands inside of it, as a flat list; the model is told apart. */
export function toComponents(report: Record<string, Report>): {
  components: Component[];
  model: ModelState | null;
} {
  const components: Component[] = [];
  let model: ModelState | null = null;
  for (const [key, value] of Object.entries(report)) {
    components.push(toComponent(names[key] ?? key, value));
    for (const [inner, details] of Object.entries(value))
      if (inner === "model" && isReport(details)) model = toModelState(details);
      else if (isReport(details)) components.push(toComponent(inner, details));
  }
  return { components, model };
}

function isReport(value: unknown): value is Report {
  return typeof (value as Partial<Report> | null)?.status === "string";
}

function toComponent(name: string, report: Record<string, unknown>): Component {
  const { status, state, latency_ms, message, reason } = report;
  return {
    name,
    isUp: status === "up" && state !== "degraded",
    state: typeof state === "string" ? state : null,
    latency_ms: typeof latency_ms === "number" ? latency_ms : null,
    message: [message, reason].find((text): text is string => typeof text === "string") ?? null,
  };
}

function toModelState({ name, state, context_length: length }: Report): ModelState {
  return {
    name: typeof name === "string" ? name : "",
    state: typeof state === "string" ? state : "unknown",
    context_length: typeof length === "number" ? length : null,
  };
}
